"""Files that are broken, hostile or packed, and what is said of each."""

import gzip
import tracemalloc

import pytest

from db.errors import FileRefusedError
from db.ingest.adapters import iati_xml
from db.ingest.adapters.iati_xml import read_activities
from tests.data.iati import activity, document, write


def refused(path):
    with pytest.raises(FileRefusedError) as error:
        list(read_activities(path))
    return str(error.value)


def save(tmp_path, content, name="synthetic.xml"):
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


LAUGHS = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
HOSTILE = {
    "entities one inside another": f'<!DOCTYPE x [<!ENTITY l0 "ha">{LAUGHS}]>\n<iati-activities>&l9;</iati-activities>',
    "an entity of a file": '<!DOCTYPE x [<!ENTITY f SYSTEM "file:///etc/passwd">]>\n<iati-activities>&f;</iati-activities>',
    "a parameter entity": '<!DOCTYPE x [<!ENTITY % p SYSTEM "http://127.0.0.1:9/x">%p;]>\n<iati-activities/>',
    "a document type elsewhere": '<!DOCTYPE x SYSTEM "http://127.0.0.1:9/x.dtd">\n<iati-activities/>',
    "a page for browsers": "<!DOCTYPE html><html></html>",
}


@pytest.mark.parametrize("content", HOSTILE.values(), ids=HOSTILE)
def test_a_document_type_is_refused_before_anything_is_read(tmp_path, content):
    assert refused(save(tmp_path, content)).startswith("synthetic.xml, line 1: a document type (DOCTYPE)")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("", "line 1: not well-formed XML (no element found)"),
        ("{}", "not well-formed"),
        ("<iati-activities>&nbsp;</iati-activities>", "undefined entity"),
        (
            '<iati-activities xmlns:x="urn:x"><x:iati-activity/></iati-activities>',
            "line 1: the element 'x:iati-activity': expected 'iati-activity', in no namespace",
        ),
        ("<iati-organisations/>", "begins with the element 'iati-organisations': expected 'iati-activities'"),
        (b"<iati-activities>\n\xff</iati-activities>", "line 2: not well-formed XML (not well-formed (invalid token))"),
        ('<?xml version="1.0" encoding="UTF-16"?><iati-activities/>', "encoding specified in XML declaration"),
        (
            '<?xml version="1.0" encoding="klingon"?><iati-activities/>',
            "its encoding is 'klingon': save the file as UTF-8",
        ),
        (
            '<?xml version="1.0" encoding="shift_jis"?><iati-activities/>',
            "its encoding is 'shift_jis': save the file as UTF-8",
        ),
        ("<iati-activities>" + "<a>" * 200, "nested more than 100 deep"),
        (b"PK\x03\x04rest", "is a zip file: unpack it first"),
        (b"\x1f\x8brest", "broken or cut off as a gzip file"),
    ],
)
def test_what_is_no_list_of_activities_is_refused_with_the_reason(tmp_path, content, words):
    assert words in refused(save(tmp_path, content))


def test_a_file_that_breaks_off_is_refused_and_says_after_which_activity(tmp_path):
    whole = document(activity(identifier="XX-SYN-1"), activity(identifier="XX-SYN-2"))
    cut = save(tmp_path, whole[: whole.rindex("<title>")])
    found = refused(cut)
    assert "line 4: not well-formed XML" in found
    assert "the last whole activity before it is 'XX-SYN-1'; nothing of the file is taken in" in found


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "iso-8859-1", "windows-1252"])
def test_encodings_are_read_as_declared(tmp_path, encoding):
    text = document(activity("<description>Réfugiés</description>")).replace("UTF-8", encoding)
    (found,) = read_activities(save(tmp_path, text.encode(encoding)))
    assert found.node.first("description").text == "Réfugiés"
    assert found.node.line == 3


def test_gzip_is_unpacked_and_bounded(tmp_path, monkeypatch):
    packed = save(tmp_path, gzip.compress(document(activity()).encode()), "synthetic.xml.gz")
    assert len(list(read_activities(packed))) == 1
    cut = save(tmp_path, packed.read_bytes()[:-12], "synthetic-cut.xml.gz")
    assert "cut off as a gzip file" in refused(cut)
    monkeypatch.setattr(iati_xml, "MAX_FILE", 100_000)
    bomb = save(tmp_path, gzip.compress(document(" " * 10_000_000).encode()), "synthetic-bomb.xml.gz")
    assert "holds more than 100,000 bytes" in refused(bomb)


def test_an_activity_that_is_too_long_is_named_and_the_others_stay(tmp_path, monkeypatch):
    monkeypatch.setattr(iati_xml, "MAX_ACTIVITY", 10_000)
    monkeypatch.setattr(iati_xml, "PIECE", 1_000)
    many = "<sector code='15110'/>" * 1_000
    path = write(
        tmp_path,
        *(
            activity(many, identifier="XX-SYN-many"),
            activity(f"<description>{'x ' * 9_000}</description>", identifier="XX-SYN-long"),
            activity(identifier="XX-SYN-good"),
        ),
    )
    found = list(read_activities(path))
    assert [(a.node.first("iati-identifier").text, a.broken) for a in found] == [
        ("XX-SYN-many", "the activity has more than 10,000 bytes"),
        ("XX-SYN-long", "the activity has more than 10,000 bytes"),
        ("XX-SYN-good", None),
    ]


def test_a_tag_without_an_end_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(iati_xml, "MAX_ACTIVITY", 100_000)
    path = save(tmp_path, f'<iati-activities><iati-activity x="{"y" * 500_000}')
    assert "a tag goes on for more than 100,000 bytes" in refused(path)


def test_memory_does_not_grow_with_the_file(tmp_path):
    def peak(count):
        path = write(tmp_path, *(activity("<sector code='15110'/>" * 50, f"XX-SYN-{n}") for n in range(count)))
        tracemalloc.start()
        assert sum(1 for _ in read_activities(path)) == count
        found = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return found

    assert peak(2_000) < 2 * peak(100)


def test_what_is_not_needed_is_not_kept(tmp_path):
    private = "<contact-info><person-name><narrative>Synthetic Person</narrative></person-name></contact-info>"
    (found,) = read_activities(write(tmp_path, activity(private + "<result><title>x</title></result>")))
    assert {child.name for child in found.node.children} <= iati_xml.WANTED
