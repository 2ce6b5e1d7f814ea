"""Where the database is: an address, or what a reference leads to."""

from pathlib import Path

from tests.cli.conftest import Run


def test_an_address_with_a_password_may_stand_in_a_file_of_its_own(run: Run, tmp_path: Path) -> None:
    (tmp_path / "address").write_text(f"sqlite:///{tmp_path}/there.db\n")
    told = run("migrate", "--database", f"${{file:{tmp_path}/address}}")
    assert told.exit_code == 0, told.output
    assert (tmp_path / "there.db").exists()


def test_an_address_may_stand_in_a_variable(run: Run, tmp_path: Path) -> None:
    address = f"sqlite:///{tmp_path}/there.db"
    assert run("migrate", "--database", "${env:PLACE}", PLACE=address).exit_code == 0
    assert (tmp_path / "there.db").exists()


def test_a_reference_that_leads_nowhere_is_told(run: Run) -> None:
    told = run("migrate", "--database", "${file:/nowhere/address}")
    assert (told.exit_code, "not there: ${file:/nowhere/address}" in told.stderr) == (2, True)
