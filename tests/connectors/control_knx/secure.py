"""The far side of KNX IP Secure, over the simulator's bus, and the keyring that ETS would export for it.

Source: KNX Standard 03_08_09 KNX IP Secure v01.01.02, as xknx 4.0.0 cites it, and its reading of .knxkeys files (xknx
docs, keyring), read 2026-11-26. The arithmetic is that of `cryptography`, and none of xknx's.
"""

import asyncio
import base64
import hashlib
from collections.abc import Callable
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from connectors.control_knx.simulator import KnxSimulator
from hub.conformance.driver import SetClock

SESSION_REQUEST, SESSION_RESPONSE, WRAPPER, AUTHENTICATE, STATUS = 0x0951, 0x0952, 0x0950, 0x0953, 0x0954
HANDSHAKE = bytes(14) + b"\xff\x00"
CREATED = "2026-11-26T20:00:00"


def derived(password: str, salt: str) -> bytes:
    """The key of a password."""
    return hashlib.pbkdf2_hmac("sha256", password.encode("latin-1"), salt.encode(), 65_536, 16)


def _frame(service: int, body: bytes) -> bytes:
    return b"\x06\x10" + service.to_bytes(2, "big") + (6 + len(body)).to_bytes(2, "big") + body


def _mac(key: bytes, head: bytes, payload: bytes = b"", first: bytes = bytes(16)) -> bytes:
    blocks = first + len(head).to_bytes(2, "big") + head + payload
    encryptor = Cipher(algorithms.AES(key), modes.CBC(bytes(16))).encryptor()
    return (encryptor.update(blocks + bytes(-len(blocks) % 16)) + encryptor.finalize())[-16:]


def _counted(key: bytes, counter: bytes, data: bytes) -> bytes:
    encryptor = Cipher(algorithms.AES(key), modes.CTR(counter)).encryptor()
    return encryptor.update(data) + encryptor.finalize()


class SecureGateway(KnxSimulator):
    """An interface that lets in user 3, and proves who it is itself."""

    def __init__(self, user_password: str, device_password: str) -> None:
        """Know both passwords."""
        super().__init__(SetClock())
        self._user_key = derived(user_password, "user-password.1.secure.ip.knx.org")
        self._device_key = derived(device_password, "device-authentication-code.1.secure.ip.knx.org")
        self.plain: list[bytes] = []
        """What it was sent in the open."""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Shake hands, and then only what is wrapped counts."""
        request = await self._read(reader)
        assert int.from_bytes(request[2:4], "big") == SESSION_REQUEST
        own = X25519PrivateKey.generate()
        ours, theirs = own.public_key().public_bytes_raw(), request[14:46]
        both = bytes(a ^ b for a, b in zip(ours, theirs, strict=True))
        key = hashlib.sha256(own.exchange(X25519PublicKey.from_public_bytes(theirs))).digest()[:16]
        head = bytes.fromhex("061009520038") + b"\x00\x07"
        proof = _counted(self._device_key, HANDSHAKE, _mac(self._device_key, head + both))
        writer.write(_frame(SESSION_RESPONSE, b"\x00\x07" + ours + proof))
        send = self._wrapping(key, writer.write)
        inner = self._unwrapped(key, await self._read(reader))
        said = _mac(self._user_key, bytes.fromhex("061009530018") + inner[6:8] + both)
        known = inner[7] == 3 and _counted(self._user_key, HANDSHAKE, said) == inner[8:24]
        send(_frame(STATUS, bytes([0 if known else 1, 0])))
        try:
            while known:
                self.bus.handle(self._unwrapped(key, await self._read(reader)), send, acknowledges=False)
        finally:
            self.bus.leave(send)

    async def _read(self, reader: asyncio.StreamReader) -> bytes:
        head = await reader.readexactly(6)
        frame = head + await reader.readexactly(int.from_bytes(head[4:6], "big") - 6)
        if head[2:4] != WRAPPER.to_bytes(2, "big"):
            self.plain.append(frame)
        return frame

    @staticmethod
    def _unwrapped(key: bytes, frame: bytes) -> bytes:
        assert int.from_bytes(frame[2:4], "big") == WRAPPER, "sent in the open"
        number, secret = frame[8:22], frame[22:]
        opened = _counted(key, number + b"\xff\x00", secret[-16:] + secret[:-16])
        mac, inner = opened[:16], opened[16:]
        assert mac == _mac(key, frame[:8], inner, number + len(inner).to_bytes(2, "big"))
        return inner

    @staticmethod
    def _wrapping(key: bytes, write: Callable[[bytes], None]) -> Callable[[bytes], None]:
        sent = 0

        def send(inner: bytes) -> None:
            nonlocal sent
            number, sent = sent.to_bytes(6, "big") + bytes(6) + b"\x00\x00", sent + 1
            head = b"\x06\x10\x09\x50" + (38 + len(inner)).to_bytes(2, "big") + b"\x00\x07"
            mac = _mac(key, head, inner, number + len(inner).to_bytes(2, "big"))
            hidden = _counted(key, number + b"\xff\x00", mac + inner)
            write(head + number + hidden[16:] + hidden[:16])

        return send


def keyring(path: Path, password: str, *, user_password: str, device_password: str) -> Path:
    """Write what ETS would export for tunnel 1.0.10, user 3."""
    key = hashlib.pbkdf2_hmac("sha256", password.encode(), b"1.keyring.ets.knx.org", 65_536, 16)
    start = hashlib.sha256(CREATED.encode()).digest()[:16]

    def hidden(secret: str) -> str:
        text = bytes(8) + secret.encode()
        padding = 16 - len(text) % 16
        encryptor = Cipher(algorithms.AES(key), modes.CBC(start)).encryptor()
        done = encryptor.update(text + bytes([padding]) * padding) + encryptor.finalize()
        return base64.b64encode(done).decode()

    ring = {"Project": "Hallen", "CreatedBy": "ETS", "Created": CREATED}
    tunnel = {
        "Type": "Tunneling",
        "Host": "1.0.1",
        "IndividualAddress": "1.0.10",
        "UserID": "3",
        "Password": hidden(user_password),
        "Authentication": hidden(device_password),
    }
    signed = _signed([("Keyring", ring), ("Interface", tunnel)], base64.b64encode(key))
    signature = base64.b64encode(hashlib.sha256(signed).digest()[:16]).decode()
    path.write_text(
        f'<?xml version="1.0" encoding="utf-8"?>\n<Keyring {_attributes(ring)} Signature="{signature}"'
        f' xmlns="http://knx.org/xml/keyring/1"><Interface {_attributes(tunnel)} /></Keyring>'
    )
    return path


def _attributes(told: dict[str, str]) -> str:
    return " ".join(f'{name}="{value}"' for name, value in told.items())


def _signed(elements: list[tuple[str, dict[str, str]]], key: bytes) -> bytes:
    """What is hashed: each element begins, with its attributes by name, and ends; each text with its length first."""

    def text(told: bytes) -> bytes:
        return bytes([len(told)]) + told

    opened = [
        b"\x01" + text(name.encode()) + b"".join(text(part.encode()) for pair in sorted(told.items()) for part in pair)
        for name, told in elements
    ]
    return b"".join(opened) + b"\x02" * len(elements) + text(key)
