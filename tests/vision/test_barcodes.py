"""Codes read from pictures: which are told, which are not, and as what."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge_agent.shelf.scans import upc_e_in_full
from edge_agent.vision.codes.bar_symbols import check_digit, has_valid_check_digit, likeliest_ean13
from edge_agent.vision.codes.reading import read_codes
from edge_agent.vision.frames import Image, decode_picture
from tests.vision.printed_codes import (
    SODA,
    ean8_bars,
    ean13_bars,
    held,
    label,
    qr_label,
    seen,
    shelf_picture,
    with_check_digit,
)

BARCODES = Path(__file__).parents[3] / "shared" / "data" / "barcodes"
DIGITS = st.text("0123456789", min_size=12, max_size=12)


def in_view(bars: str, turned: float = 0.0, module_px: float = 2.0) -> Image:
    return held(label(bars, module_px), shelf_picture(), 240, 180, turned)


@given(DIGITS)
def test_the_check_digit_is_the_one_on_paper(digits: str) -> None:
    assert digits + check_digit(digits) == with_check_digit(digits)
    assert has_valid_check_digit(with_check_digit(digits))


@given(DIGITS, st.integers(0, 12), st.integers(1, 9))
def test_one_wrong_digit_is_always_noticed(digits: str, place: int, by: int) -> None:
    right = with_check_digit(digits)
    wrong = right[:place] + str((int(right[place]) + by) % 10) + right[place + 1 :]
    assert not has_valid_check_digit(wrong)


@pytest.mark.parametrize("text", ["", "7", "690102807583", "٦٩٠١٠٢٨٠٧٥٨٣١", "69010280758x1"])
def test_what_is_no_number_has_no_valid_check_digit(text: str) -> None:
    assert not has_valid_check_digit(text)


@settings(max_examples=30, deadline=None)
@given(DIGITS)
def test_the_likeliest_code_is_the_one_whose_digits_fit(digits: str) -> None:
    code = with_check_digit(digits)
    left, right = np.zeros((6, 20), np.float32), np.zeros((6, 10), np.float32)
    sets = "AAAAAA AABABB AABBAB AABBBA ABAABB ABBAAB ABBBAA ABABAB ABABBA ABBABA"
    for place, name in enumerate(sets.split()[int(code[0])]):
        left[place, int(code[1 + place]) + (10 if name == "B" else 0)] = 1.0
    for place in range(6):
        right[place, int(code[7 + place])] = 1.0
    found = likeliest_ean13(left, right)
    assert found.digits == code
    assert found.fit == pytest.approx(1.0)
    # No two codes with right check digits differ in one place alone.
    assert found.lead >= 1.0


@given(st.text("0123456789", min_size=11, max_size=11))
def test_an_upc_e_is_the_upc_a_that_it_abbreviates(digits: str) -> None:
    # Number system 0, and as many zeros as the rule for a last digit of 0 asks for.
    whole = with_check_digit(f"00{digits[:2]}00000{digits[2:5]}")
    short = f"0{digits[:2]}{digits[2:5]}0{whole[-1]}"
    assert upc_e_in_full(short) == whole
    assert has_valid_check_digit(whole)


@pytest.mark.parametrize("turned", [0, 7, 90, 180, 200, -45])
def test_an_ean13_is_read_at_any_angle(turned: float) -> None:
    (code,) = read_codes(seen(in_view(ean13_bars(SODA), turned)))
    assert (code.text, code.format) == (SODA, "EAN-13")
    xs, ys = zip(*code.corners, strict=True)
    assert abs(sum(xs) / 4 - 240) < 40
    assert abs(sum(ys) / 4 - 180) < 40


def test_an_upc_a_is_told_as_an_ean13_that_begins_with_0() -> None:
    (code,) = read_codes(seen(in_view(ean13_bars("0890444000335"))))
    assert (code.text, code.format) == ("0890444000335", "EAN-13")


def test_an_ean8_is_read() -> None:
    (code,) = read_codes(seen(in_view(ean8_bars("48512343"))))
    assert (code.text, code.format) == ("48512343", "EAN-8")


def test_a_qr_code_is_read_with_its_umlauts_and_signs() -> None:
    picture = held(qr_label("https://example.com/ö?货道=3"), shelf_picture(), 240, 180, 12)
    (code,) = read_codes(seen(picture))
    assert (code.text, code.format) == ("https://example.com/ö?货道=3", "QR")


def test_two_codes_are_both_told_the_one_in_the_middle_first() -> None:
    other = "4006381333931"
    picture = held(label(ean13_bars(other), 1.6), shelf_picture(), 245, 70)
    picture = held(label(ean13_bars(SODA), 1.6), picture, 240, 200)
    assert [code.text for code in read_codes(seen(picture))] == [SODA, other]


@pytest.mark.parametrize("blur_px", [1.4, 1.8])
@pytest.mark.parametrize("turned", [0, 25, 180])
def test_bars_that_blur_has_merged_are_read_by_what_they_look_like(
    blur_px: float, turned: float
) -> None:
    picture = seen(in_view(ean13_bars(SODA), turned), blur_px=blur_px, noise=3)
    assert [code.text for code in read_codes(picture)] == [SODA]


def test_at_a_glance_blurred_bars_are_left_alone_and_clear_ones_read() -> None:
    clear = seen(in_view(ean13_bars(SODA)))
    blurred = seen(in_view(ean13_bars(SODA), 25), blur_px=1.8, noise=3)
    assert [code.text for code in read_codes(clear, "glance")] == [SODA]
    assert read_codes(blurred, "glance") == []
    assert [code.text for code in read_codes(blurred, "search")] == [SODA]


@pytest.mark.parametrize("seed", range(6))
def test_random_bars_are_no_code(seed: int) -> None:
    rng = np.random.default_rng(seed)
    bars = "101" + "".join(rng.choice(["0", "1"], 89)) + "101"
    assert read_codes(seen(in_view(bars), seed=seed)) == []


def test_a_code_with_a_wrong_check_digit_is_not_told() -> None:
    wrong = SODA[:-1] + str((int(SODA[-1]) + 3) % 10)
    assert read_codes(seen(in_view(ean13_bars(wrong)))) == []


def test_half_a_code_is_not_told() -> None:
    picture = seen(in_view(ean13_bars(SODA)))
    assert read_codes(np.ascontiguousarray(picture[:, :240])) == []


@pytest.mark.parametrize("shape", [(1, 1), (2, 300), (300, 2), (40, 40)])
@pytest.mark.parametrize("value", [0, 128, 255])
def test_a_picture_of_nothing_has_no_codes(shape: tuple[int, int], value: int) -> None:
    assert read_codes(np.full((*shape, 3), value, dtype=np.uint8)) == []


def test_noise_has_no_codes() -> None:
    rng = np.random.default_rng(3)
    assert read_codes(rng.integers(0, 256, (240, 320, 3)).astype(np.uint8)) == []


def test_the_same_picture_gives_the_same_codes() -> None:
    picture = seen(in_view(ean13_bars(SODA), 25), blur_px=1.8, noise=3)
    assert read_codes(picture) == read_codes(picture.copy())


def test_a_missing_zbar_is_told_with_what_to_install(tmp_path: Path) -> None:
    # As where libzbar0 is not installed: its library cannot be found.
    (tmp_path / "sitecustomize.py").write_text(
        "import ctypes.util\nctypes.util.find_library = lambda name: None\n"
    )
    program = (
        "import numpy as np\n"
        "from edge_agent.errors import EdgeAgentError\n"
        "from edge_agent.vision.codes.reading import read_codes\n"
        "try:\n    read_codes(np.zeros((40, 40, 3), np.uint8))\n"
        "except EdgeAgentError as error:\n    print(error)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        check=False,
        env={"PYTHONPATH": f"{tmp_path}:{Path(__file__).parents[2]}"},
    )
    assert "sudo apt install libzbar0" in done.stdout, done.stderr


@pytest.mark.skipif(not BARCODES.is_dir(), reason="../shared/data/barcodes is not here")
class TestRealPhotographs:
    """A few of the photographs in ../shared/data, which no one here has made."""

    def texts(self, name: str) -> list[str]:
        picture = BARCODES / name
        return [c.text for c in read_codes(decode_picture(picture.read_bytes(), name))]

    @pytest.mark.parametrize("name", ["ean13-2/10.png", "upca-2/05.png", "upca-2/11.png"])
    def test_photographs_that_neither_reader_reads_are_read(self, name: str) -> None:
        truth = (BARCODES / name).with_suffix(".txt").read_text().strip()
        assert self.texts(name) == [truth.zfill(13)]

    def test_a_misreading_of_one_reader_is_not_told(self) -> None:
        assert self.texts("upca-2/38.png") == ["0012546619592"]

    def test_a_reader_that_guesses_the_code_page_wrong_is_not_believed(self) -> None:
        truth = (BARCODES / "qrcode-2" / "30.txt").read_text(encoding="utf-8")
        assert self.texts("qrcode-2/30.png") == [truth]
