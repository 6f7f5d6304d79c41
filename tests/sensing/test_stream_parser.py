"""The `stream` wire format: what is understood, what is dropped, what is counted."""

from __future__ import annotations

import tracemalloc

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge_agent.sensing.stream_parser import Identity, StreamParser, StreamSample, checksum

COUNTS = st.one_of(st.none(), st.integers(-(2**23), 2**23 - 1))
SAMPLES = st.lists(
    st.builds(
        StreamSample,
        st.integers(0, 65535),
        st.integers(0, 2**32 - 1),
        st.lists(COUNTS, min_size=1, max_size=6).map(tuple),
    ),
    max_size=6,
)
GARBAGE = st.binary(max_size=40).filter(lambda b: b"$" not in b and b"\n" not in b)


def sentence(body: bytes) -> bytes:
    return b"$" + body + b"*" + checksum(body) + b"\r\n"


def encode(sample: StreamSample) -> bytes:
    fields = ["W", str(sample.seq), str(sample.uptime_ms)]
    fields += ["" if c is None else str(c) for c in sample.counts]
    return sentence(",".join(fields).encode())


def counters(parser: StreamParser) -> tuple[int, ...]:
    return (parser.lines, parser.bad_checksum, parser.malformed, parser.overlong, parser.lost)


def test_a_line_written_by_hand_is_understood() -> None:
    # XOR worked out by hand: W=57 ,=2C 7=37 ,=2C 5=35 ,=2C -=2D 3=33 ,=2C
    assert StreamParser().feed(b"$W,7,5,-3,*4B\r\n") == [StreamSample(7, 5, (-3, None))]


def test_the_board_tells_who_it_is() -> None:
    parser = StreamParser()
    assert parser.feed(sentence(b"I,hx711-board 1.4,12,80")) == []
    assert parser.identity == Identity("hx711-board 1.4", 12, 80.0)


@given(SAMPLES)
def test_bytes_may_be_cut_at_every_position(samples: list[StreamSample]) -> None:
    wire = b"".join(map(encode, samples))
    for cut in range(len(wire) + 1):
        parser = StreamParser()
        assert parser.feed(wire[:cut]) + parser.feed(wire[cut:]) == samples
        assert parser.dropped == 0


@given(st.binary(max_size=300).map(lambda b: b.replace(b"\x00", b"$")), st.data())
def test_counters_do_not_depend_on_the_cuts(wire: bytes, chunks: st.DataObject) -> None:
    whole, cut = StreamParser(max_channels=2), StreamParser(max_channels=2)
    expected = whole.feed(wire)
    got: list[StreamSample] = []
    position = 0
    while position < len(wire):
        size = chunks.draw(st.integers(1, len(wire) - position))
        got += cut.feed(wire[position : position + size])
        position += size
    assert (got, counters(cut)) == (expected, counters(whole))


@given(SAMPLES, GARBAGE, GARBAGE)
def test_garbage_before_and_between_costs_no_good_line(
    samples: list[StreamSample], before: bytes, between: bytes
) -> None:
    wire = before + between.join(map(encode, samples)) + b"\n"
    parser = StreamParser()
    assert parser.feed(wire) == samples
    assert parser.lines == len(samples)


@given(SAMPLES.filter(bool), st.data())
def test_a_changed_byte_never_becomes_a_wrong_sample(
    samples: list[StreamSample], where: st.DataObject
) -> None:
    wire = bytearray(b"".join(map(encode, samples)))
    position = where.draw(st.integers(0, len(wire) - 1))
    wire[position] ^= where.draw(st.integers(1, 255))
    got = StreamParser().feed(bytes(wire))
    # One changed byte always changes the XOR, so what is left is a subset in order.
    remaining = iter(samples)
    assert all(sample in remaining for sample in got)


@given(SAMPLES.filter(bool), st.data())
def test_a_line_cut_short_is_dropped_and_the_next_is_read(
    samples: list[StreamSample], where: st.DataObject
) -> None:
    first = encode(samples[0])
    kept = where.draw(st.integers(0, len(first) - 3))
    parser = StreamParser()
    assert parser.feed(first[:kept] + b"".join(map(encode, samples))) == samples
    assert parser.malformed == (1 if kept else 0)


@pytest.mark.parametrize(
    "body",
    [
        b"W,65536,1,2",
        b"W,1,4294967296,2",
        b"W,1,1,8388608",
        b"W,1,1,-8388609",
        b"W,1,1,-",
        b"W,1,1,+5",
        b"W,1,1,1_0",
        b"W,1,1, 5",
        b"W,,1,5",
        b"W,1,1",
        b"W,1,1,1.5",
        b"I,fw,0,80",
        b"I,,12,80",
        b"X,1,2",
        b"",
    ],
)
def test_an_impossible_field_is_counted_and_dropped(body: bytes) -> None:
    parser = StreamParser()
    assert parser.feed(sentence(body)) == []
    assert counters(parser) == (0, 0, 1, 0, 0)


def test_the_largest_numbers_are_possible() -> None:
    parser = StreamParser()
    wire = sentence(b"W,65535,4294967295,8388607,-8388608")
    assert parser.feed(wire) == [StreamSample(65535, 2**32 - 1, (8388607, -8388608))]


def test_a_wrong_checksum_is_counted_and_dropped() -> None:
    parser = StreamParser()
    assert parser.feed(b"$W,1,2,3*00\r\n") == []
    assert counters(parser) == (0, 1, 0, 0, 0)


def test_a_lower_case_checksum_is_malformed() -> None:
    wire = b"$W,7,5,-3,*4b\r\n"
    parser = StreamParser()
    assert parser.feed(wire) == []
    assert parser.malformed == 1


def test_lost_samples_are_counted_by_their_numbers_across_the_wrap() -> None:
    parser = StreamParser()
    for seq, ms in ((65533, 10), (65534, 20), (1, 50)):
        parser.feed(encode(StreamSample(seq, ms, (1,))))
    assert parser.lost == 2


def test_a_restarted_board_has_lost_nothing() -> None:
    parser = StreamParser()
    for seq, ms in ((500, 90_000), (0, 3), (1, 15)):
        parser.feed(encode(StreamSample(seq, ms, (1,))))
    assert parser.lost == 0


@pytest.mark.parametrize("flood", [b"x" * 65536, b"$" + b"1" * 65535, b"$W,1,1" + b",1" * 32768])
def test_a_flood_without_an_end_does_not_grow_memory(flood: bytes) -> None:
    parser = StreamParser()
    parser.feed(flood)
    tracemalloc.start()
    for _ in range(100):
        parser.feed(flood.replace(b"$", b"1"))
    held, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert held < 32768
    good = StreamSample(3, 4, (5,))
    assert parser.feed(b"\n" + encode(good)) == [good]
    assert counters(parser) == (1, 0, 0, 1, 0)


def test_a_flood_of_dollar_signs_does_not_hide_the_next_line() -> None:
    good = StreamSample(3, 4, (5,))
    parser = StreamParser()
    assert parser.feed(b"$" * 1000 + encode(good)) == [good]


def test_as_many_channels_as_the_settings_allow_fit_into_a_line() -> None:
    widest = StreamSample(65535, 2**32 - 1, (-(2**23),) * 1024)
    assert StreamParser().feed(encode(widest)) == [widest]


@settings(max_examples=200)
@given(st.binary(max_size=200))
def test_no_bytes_raise(wire: bytes) -> None:
    parser = StreamParser()
    for sample in parser.feed(wire + b"\n"):
        assert encode(sample).strip() in wire
