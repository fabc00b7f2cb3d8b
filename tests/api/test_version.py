"""What answers follow from besides the data: any change of the program's sources is another version of its answers."""

import re

from api.version import ANSWERS_VERSION, LAYERS, digest_of


def test_every_change_of_a_source_is_another_version(tmp_path):
    folder = tmp_path / "api"
    (folder / "inner" / "__pycache__").mkdir(parents=True)
    source, template = folder / "inner" / "one.py", folder / "page.html"
    source.write_text("A = 1\n")
    template.write_text("<p>")
    seen = [digest_of([folder])]
    source.write_text("A = 2\n")
    seen.append(digest_of([folder]))
    template.write_text("<b>")
    seen.append(digest_of([folder]))
    source.rename(folder / "two.py")
    seen.append(digest_of([folder]))
    assert len(set(seen)) == len(seen)
    (folder / "inner" / "__pycache__" / "one.py").write_text("made by Python")
    assert digest_of([folder]) == seen[-1]


def test_the_version_of_answers_is_that_of_all_layers():
    assert [folder.name for folder in LAYERS if (folder / "__init__.py").is_file()] == ["api", "db", "models"]
    assert re.fullmatch(r"[0-9.]+\+[0-9a-f]{12}", ANSWERS_VERSION)
