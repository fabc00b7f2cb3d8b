from datetime import timedelta

import pytest

from models.dates import check_partial_date, tomorrow


def test_a_date_is_as_precise_as_its_source():
    latest = tomorrow().isoformat()
    for text in ("2024", "2024-02", "2024-02-29", latest, latest[:7], latest[:4]):
        assert check_partial_date(text) == text


@pytest.mark.parametrize(
    "text",
    ["", "24", "2024-1", "2024-13", "2024-00-01", "2023-02-29", "2024-01-01T00:00", "0000", "2024\n", "２０２４"],
)
def test_what_is_no_date_is_refused(text):
    with pytest.raises(ValueError, match="expected YYYY, YYYY-MM or YYYY-MM-DD"):
        check_partial_date(text)


@pytest.mark.parametrize("text", ["1899", "1899-12-31", "0001-01"])
def test_a_date_before_there_was_anything_to_say_is_refused(text):
    with pytest.raises(ValueError, match=f"'{text}' is before 1900"):
        check_partial_date(text)


def test_what_is_yet_to_come_is_refused():
    for text in (
        (tomorrow() + timedelta(days=1)).isoformat(),
        str(tomorrow().year + 1),
        "2099-12",
        "2101",
        "2999",
        "9999-12-31",
    ):
        with pytest.raises(ValueError, match="yet to come"):
            check_partial_date(text)
