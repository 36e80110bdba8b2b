"""The table of what is taken says the same as the code that takes it."""

import pytest

from processors import profiles
from processors.choice import BY_CONTENT_TYPE
from processors.image import kinds
from processors.profiles import IMAGE, PDF, PROFILES
from processors.recipes import PHOTO
from storage import layout

pytestmark = pytest.mark.pure


def test_its_content_types_are_those_that_the_decoders_take() -> None:
    assert IMAGE.content_types == set(kinds.BY_CONTENT_TYPE)
    assert PDF.content_types == {kind for kind, processor in BY_CONTENT_TYPE.items() if processor is PDF.processor}


def test_each_content_type_and_each_extension_is_of_one_profile() -> None:
    for column in ("content_types", "extensions"):
        named = [value for profile in PROFILES.values() for value in getattr(profile, column)]
        assert len(named) == len(set(named))
    assert all(profiles.of_content(kind) is profile for profile in PROFILES.values() for kind in profile.content_types)


def test_pictures_are_those_of_the_recipe_and_folders_are_declared() -> None:
    assert set(IMAGE.versions) == {version.name for version in PHOTO.versions}
    assert {profile.folder for profile in PROFILES.values()} <= set(layout.FOLDERS[layout.PROJECTS])


@pytest.mark.parametrize(
    ("name", "profile"),
    [("a.JPG", IMAGE), ("a.b.heic", IMAGE), ("Letter.PDF", PDF), ("a", None), ("a.exe", None), ("pdf", None)],
)
def test_a_name_is_a_hint(name: str, profile: profiles.Profile | None) -> None:
    assert profiles.suggested(name) is profile


def test_what_is_taken_is_told_in_words() -> None:
    assert "pdf: pdf" in profiles.taken()
    assert "image: jpg, jpeg, png" in profiles.taken()
