"""Codes and identifiers of Peppol, and check digits.

Source: Peppol BIS Billing 3.0.19 (May 2025): identifiers, EAS and VATEX lists, PEPPOL-COMMON-R040, -R049, SE-R-003 to
-010; what 3.0.21 changed in the lists, as mock-einvoice 0.4.0 has it. Read 2026-11-26.
"""

from collections.abc import Mapping
from enum import StrEnum

CUSTOMIZATION = "urn:cen.eu:en16931:2017#compliant#urn:fdc:peppol.eu:2017:poacc:billing:3.0"
PROCESS = "urn:fdc:peppol.eu:2017:poacc:billing:01:1.0"
INVOICE = "urn:oasis:names:specification:ubl:schema:xsd:Invoice-2"
CREDIT_NOTE = "urn:oasis:names:specification:ubl:schema:xsd:CreditNote-2"
ORGANISATION = "0007"
"""Scheme of Swedish organisation numbers (ICD)."""
GLN = "0088"
GLN_LENGTH = 13
ONE = "C62"
"""A unit that is only counted. Source: UN/ECE recommendation 20."""
OBJECT = "130"
"""What an invoice or a line is for: here the booking. Source: UNCL1001, BT-18 and BT-128."""
TRANSFER = "30"
"""A credit transfer. Source: UNCL4461, SE-R-011, SE-R-012."""
RATES = frozenset({"25", "12", "6"})
"""Source: SE-R-006."""


class Rules(StrEnum):
    """A release of Peppol BIS Billing 3.0, whose code lists hold."""

    V3_0_19 = "3.0.19"
    V3_0_21 = "3.0.21"


def _each(codes: str) -> frozenset[str]:
    return frozenset(codes.split())


_SCHEMES = _each(
    "0002 0007 0009 0060 0088 0096 0097 0106 0130 0135 0142 0151 0158 0183 0184 0188 0190 0191 0192 0195 0196 0198"
    " 0199 0200 0201 0204 0208 0209 0210 0211 0216 0218 0221 0225 0230 0235 0240 9910 9913 9914 9915 9918 9919 9920"
    " 9922 9923 9924 9925 9926 9927 9928 9929 9930 9931 9932 9933 9934 9935 9936 9937 9938 9939 9940 9941 9942 9943"
    " 9944 9945 9946 9947 9948 9949 9950 9951 9952 9953 9957 9959"
)
SCHEMES: Mapping[Rules, frozenset[str]] = {
    Rules.V3_0_19: _SCHEMES | _each("0037 0147 0154 0170 0177 0193 0194 0202 0203 0205 0212 0213 0215 0217"),
    Rules.V3_0_21: _SCHEMES | _each("0242 0244 0245 0246 0248"),
}
"""Schemes of electronic addresses (EAS, PEPPOL-EN16931-CL008)."""
COUNTRIES = _each(
    "AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW"
    " BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI"
    " FJ FK FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN"
    " IO IQ IR IS IT JE JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME"
    " MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF"
    " PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV"
    " SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS XI"
    " YE YT ZA ZM ZW"
)
"""ISO 3166-1, with what Peppol adds (BR-CL-14)."""

_EXEMPT = frozenset(
    {"VATEX-EU-132", *(f"VATEX-EU-132-1{letter}" for letter in "ABCDEFGHIJKLMNOPQ"), "VATEX-EU-79-C", "VATEX-EU-309"}
)
EXEMPTIONS: Mapping[Rules, frozenset[str]] = {
    Rules.V3_0_19: _EXEMPT,
    Rules.V3_0_21: _EXEMPT | {"VATEX-EU-135-1"},
}
"""Codes of exemption that a municipality may have use of (VATEX, BR-CL-22)."""
OUTSIDE = ("VATEX-EU-O", "Omfattas inte av mervärdesskatt")
"""Code and reason of category O (PEPPOL-EN16931-P0105)."""


def checks(digits: str) -> bool:
    """Whether the last digit is the check digit of the others, by modulus 10 from the right (bankgiro, plusgiro)."""
    doubled = (sum(divmod(int(digit) * (1 + place % 2), 10)) for place, digit in enumerate(reversed(digits)))
    return sum(doubled) % 10 == 0


def is_gln(text: str) -> bool:
    """Whether it is a GLN, with its check digit. Source: PEPPOL-COMMON-R040."""
    if len(text) != GLN_LENGTH or not (text.isascii() and text.isdigit()):
        return False
    return sum(int(digit) * (1 + 2 * (place % 2)) for place, digit in enumerate(reversed(text))) % 10 == 0
