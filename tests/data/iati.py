"""Writes synthetic IATI files; names in them say that they are synthetic."""

from pathlib import Path

REPORTER = '<reporting-org ref="XX-SYN" type="40"><narrative>Synthetic Aid</narrative></reporting-org>'
VALUE = '<value currency="USD" value-date="2020-01-15">1000</value>'


def transaction(kind="2", value=VALUE, more="", day="2020-01-15"):
    return (
        f'<transaction><transaction-type code="{kind}"/><transaction-date iso-date="{day}"/>{value}{more}</transaction>'
    )


def dollars(amount, kind="2", more=""):
    return transaction(kind, f'<value currency="USD" value-date="2020-01-15">{amount}</value>', more)


def activity(inside="", identifier="XX-SYN-1", reporter=REPORTER, attributes='default-currency="USD"', basics=True):
    """An activity of version 2; with `basics` it has a title, a status, a start and a country."""
    given = (
        "<title><narrative>Synthetic roads</narrative></title><activity-status code='2'/>"
        "<activity-date type='2' iso-date='2019-05-01'/><recipient-country code='JO'/>"
        if basics
        else ""
    )
    return (
        f"<iati-activity {attributes}><iati-identifier>{identifier}</iati-identifier>{reporter}{given}{inside}"
        "</iati-activity>"
    )


def document(*activities, version="2.03", attributes='generated-datetime="2026-01-02T03:04:05Z"'):
    body = "\n".join(activities)
    head = f'<?xml version="1.0" encoding="UTF-8"?>\n<iati-activities version="{version}" {attributes}>'
    return f"{head}\n{body}\n</iati-activities>\n"


def write(folder: Path, *activities, name="synthetic.xml", **options) -> Path:
    path = folder / name
    path.write_text(document(*activities, **options), encoding="utf-8")
    return path
