"""A document of JSON is read piece by piece, and what is read does not depend on where the pieces end."""

import json
import random
import tracemalloc

import pytest

from db.errors import FileRefusedError
from db.ingest.adapters import json_texts
from db.ingest.adapters.json_texts import values_of_document

RECORD = {
    "type": "project",
    "name": "Réfugiés “à l’école” \U0001f3eb",
    "sectors": ["Health", None],
    "more": {"a": [-1.5e3, True]},
}
TEXTS = [
    json.dumps([RECORD] * 3),
    json.dumps([RECORD] * 3, ensure_ascii=False, indent=2),
    json.dumps(RECORD, ensure_ascii=False),
    "[]",
    " [ ]\r\n",
    f"[{' ' * 200}1{' ' * 200}]",
    '[1234567,-8, 1e9 ,null,[[]],"\\u00e9\\\\"]',
    '[{"a": 1, "a": 2}, {"b": NaN}, {"c": 3}]',
]
FAULTS = [
    "[1e]",
    '[{"a": 1}-1]',
    '[{"a": 1}x]',
    "[tru]",
    '[{"a": "\\ud83c\\ud"}]',
    '[{"a": 1}\n,{"é": 2}\n,{"b" 3}]',
    '[{"a": 1}, {"é": 2}',
    '[{"a": 1}\n {"b": 2}]',
    '[{"a": 1}, ]',
    '[{"a": 1}]\n\n x',
    '[{"é": "b\n"}]',
    '{"a": "\\u12"}',
    "",
    " \n ",
    "3",
    '{"a": 1} {"b": 2}',
]


def read(tmp_path, text, piece, monkeypatch):
    monkeypatch.setattr(json_texts, "PIECE", piece)
    path = tmp_path / "a.json"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return [(pointer, found.value) for pointer, found in values_of_document(path)]


@pytest.mark.parametrize("piece", [1, 2, 3, 7, 64, 1 << 20])
@pytest.mark.parametrize("text", TEXTS)
def test_values_are_those_of_the_whole_text_wherever_it_is_cut(tmp_path, monkeypatch, text, piece):
    whole = json.loads(text, parse_int=str, parse_float=str, parse_constant=str)
    expected = [("", whole)] if isinstance(whole, dict) else [(f"/{place}", value) for place, value in enumerate(whole)]
    assert read(tmp_path, text, piece, monkeypatch) == expected


@pytest.mark.parametrize("text", FAULTS)
def test_a_fault_is_told_alike_wherever_the_text_is_cut(tmp_path, monkeypatch, text):
    told = set()
    for piece in (1, 2, 3, 7, 1 << 20):
        with pytest.raises(FileRefusedError) as refused:
            read(tmp_path, text, piece, monkeypatch)
        told.add(str(refused.value))
    (message,) = told
    try:
        json.loads(text)
    except json.JSONDecodeError as error:
        if text.strip():
            where = f"is not JSON at line {error.lineno}, column {error.colno}: "
            assert where in message


@pytest.mark.parametrize("piece", [1, 5, 1 << 20])
def test_a_byte_that_is_no_utf_8_is_told_by_line_and_byte_wherever_the_text_is_cut(tmp_path, monkeypatch, piece):
    text = '[{"é": "é"},\n{"é": "'.encode() + b'\xe9"}]'
    with pytest.raises(FileRefusedError, match=r"a\.json, line 2, is not UTF-8 from its byte 9 on"):
        read(tmp_path, text, piece, monkeypatch)


def test_random_texts_with_random_faults_are_read_as_the_whole_text_is(tmp_path, monkeypatch):
    drawn = random.Random(20261128)
    for _ in range(400):
        text = json.dumps(
            [{"a": drawn.randrange(1000), "é": ["x" * drawn.randrange(9)] * drawn.randrange(3)}] * drawn.randrange(4)
        )
        place = drawn.randrange(len(text))
        text = (
            text[:place] + drawn.choice(["", "]", '"', ",", "{", "\\", " ", "é"]) + text[place + drawn.randrange(2) :]
        )
        try:
            expected = json.loads(text, parse_int=str)
        except json.JSONDecodeError as error:
            with pytest.raises(FileRefusedError, match=f"line 1, column {error.colno}: |is empty|holds one"):
                read(tmp_path, text, drawn.randrange(1, 9), monkeypatch)
            continue
        if isinstance(expected, (list, dict)):
            found = [value for _, value in read(tmp_path, text, drawn.randrange(1, 9), monkeypatch)]
            assert found == (expected if isinstance(expected, list) else [expected])


def test_of_a_long_list_with_a_fault_no_more_is_held(tmp_path):
    path = tmp_path / "a.json"
    record = json.dumps(RECORD)
    path.write_text(f"[{record},{record[:-1]},{','.join([record] * 100_000)}]")
    tracemalloc.start()
    try:
        with pytest.raises(FileRefusedError, match=f"is not JSON at line 1, column {2 * len(record) + 3}: "):
            list(values_of_document(path))
        assert tracemalloc.get_traced_memory()[1] < 8 * json_texts.PIECE
    finally:
        tracemalloc.stop()


def test_of_a_long_list_no_more_than_some_pieces_are_held(tmp_path):
    path = tmp_path / "a.json"
    path.write_text(f"[{','.join([json.dumps(RECORD)] * 100_000)}]")
    assert path.stat().st_size > 15 * json_texts.PIECE
    tracemalloc.start()
    try:
        assert sum(1 for _ in values_of_document(path)) == 100_000
        assert tracemalloc.get_traced_memory()[1] < 8 * json_texts.PIECE
    finally:
        tracemalloc.stop()
