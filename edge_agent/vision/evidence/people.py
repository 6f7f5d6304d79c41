"""Who stands before the shelf: what is not the scene as it is when nobody is there.

Nobody has to recognise a person for this. What was steady in the picture for long, and nothing
else, is the scene; everything that differs from it counts as a person: arms and heads that reach
before the goods, goods in a hand, what is carried past. Somebody who stands still before the shelf
does not become part of it: that takes ten minutes without a movement.

Goods that were taken or put change the scene, too. What is steady where the weight has changed
belongs to it after ten seconds, if it does not reach beyond the plates: a person does.
"""

from __future__ import annotations

import threading

import numpy as np

from edge_agent.vision.evidence.likeness import Flags, Floats, look, noise_between, small, unlike
from edge_agent.vision.frames import Frame, Image
from edge_agent.vision.seen import Box

EVERY_S = 1.0
FIRST_STEADY_S = 10.0
"""Before anything is known of a place, this long a steady look there is taken for the scene."""
GOODS_STEADY_S = 10.0
BESIDE_STEADY_S = 60.0
"""Goods beside those that were taken are pushed and turned on the way."""
LONG_STEADY_S = 600.0
EXPLAINED_S = 600.0

_FOLLOW = 0.05
_LEAST_CONTRAST = 0.4
"""A picture with less of the scene's contrast is dark or covered: nothing is learned from it."""
_READY_SHARE = 0.95
"""Of a thing's pixels that must be steady: some at its edges flicker for ever."""
_CLOSE_SHARE, _GROW_SHARE = 0.05, 0.02
"""Of the longer side: gaps that are closed (64 pixels of 1280), what is added around (26)."""


class EmptyScene:
    """What one camera sees when nobody is there; safe between threads.

    `plates` are the boxes that goods may change. Time is counted from frame to frame, so a clock
    that jumps and a camera that was away make nothing steady.
    """

    def __init__(self, plates: tuple[Box, ...] = ()) -> None:
        self._plates = plates
        self._explained: dict[Box, float] = {}
        self._lock = threading.Lock()
        self._scene: _Scene | None = None
        self._last_at = float("-inf")

    def learn(self, frame: Frame) -> None:
        """Look at a frame of the camera; once a second is enough, more are passed over."""
        with self._lock:
            passed_s = frame.at - self._last_at
            if 0 <= passed_s < EVERY_S:
                return
            self._last_at = frame.at
            picture = small(frame.image)
            if self._scene is None or self._scene.known.shape != picture.shape:
                self._scene = _Scene(picture, frame.image.shape[1])
                return
            # A pause is no steadiness: nobody saw what happened in it.
            self._learn(picture, min(max(passed_s, 0.0), 2 * EVERY_S))

    def explain(self, box: Box) -> None:
        """Goods left or came in this box: what becomes steady there is the shelf."""
        with self._lock:
            self._explained[box] = EXPLAINED_S

    def strangers(self, image: Image) -> Flags:
        """Where a picture of the camera shows anything but the scene; (h, w) at working size.

        Everywhere as long as nothing is known.
        """
        picture = small(image)
        with self._lock:
            if self._scene is None or self._scene.known.shape != picture.shape:
                return np.ones(picture.shape[:2], np.bool_)
            return self._scene.strange(picture)

    def is_clear(self, box: Box) -> bool:
        """Whether the last look at a box showed the scene, and nothing else."""
        with self._lock:
            if self._scene is None:
                return False
            left, top, right, bottom = self._scene.scaled(box)
            return not calm(self._scene.now_strange)[top:bottom, left:right].any()

    def _learn(self, picture: Floats, passed_s: float) -> None:
        scene = self._scene
        assert scene is not None
        self._explained = {
            box: left_s - passed_s for box, left_s in self._explained.items() if left_s > passed_s
        }
        scene.watch(picture, passed_s)
        if not scene.is_lit(picture):
            return
        scene.follow(picture)
        new = ~scene.is_known & (scene.steady_s >= FIRST_STEADY_S)
        new |= scene.now_strange & (scene.steady_s >= LONG_STEADY_S)
        if self._explained and scene.now_strange.any():
            new |= self._goods(scene)
        if new.any():
            scene.accept(new)
            scene.now_strange = scene.strange(picture)

    def _goods(self, scene: _Scene) -> Flags:
        """Where goods left or came: steady, and within the plates."""
        import cv2

        within = np.zeros(scene.is_known.shape, np.bool_)
        enough_s = np.full(within.shape, np.inf, np.float32)
        for boxes, needed_s in (
            (self._plates, BESIDE_STEADY_S),
            (tuple(self._explained), GOODS_STEADY_S),
        ):
            for box in boxes:
                left, top, right, bottom = scene.scaled(box)
                within[top:bottom, left:right] = True
                enough_s[top:bottom, left:right] = needed_s
        # Who leans in from beyond the picture is no goods, either.
        within[[0, -1], :] = within[:, [0, -1]] = False
        new = calm(scene.now_strange & scene.is_known)
        joined = cv2.dilate(new.astype(np.uint8), np.ones((3, 3), np.uint8))
        count, labels = cv2.connectedComponents(joined)
        size = np.bincount(labels[new], minlength=count)
        ready = np.bincount(labels[new & (scene.steady_s >= enough_s)], minlength=count)
        beyond = np.bincount(labels[new & ~within], minlength=count)
        whole = (beyond == 0) & (ready >= _READY_SHARE * size)
        whole[0] = False
        accepted: Flags = whole[labels]
        return accepted


class _Scene:
    """The pictures behind `EmptyScene`, all at working size."""

    def __init__(self, first: Floats, width: int) -> None:
        height, small_width = first.shape[:2]
        self.known: Floats = first.copy()
        self.is_known = np.zeros((height, small_width), np.bool_)
        self.steady_s = np.zeros((height, small_width), np.float32)
        self.now_strange: Flags = np.ones((height, small_width), np.bool_)
        self._candidate: Floats = first.copy()
        self._noise = 0.0
        self._scale = small_width / width

    def scaled(self, box: Box) -> Box:
        """A box of the camera's picture at working size."""
        left, top, right, bottom = (round(edge * self._scale) for edge in box)
        return max(0, left), max(0, top), max(left + 1, right), max(top + 1, bottom)

    def watch(self, picture: Floats, passed_s: float) -> None:
        """Count for how long each place has looked as it does."""
        import cv2

        before, now = look(self._candidate), look(picture)
        self._noise = noise_between(before, now)
        # A speck that flickers where two prints meet is no movement.
        other = calm(unlike(before, now, self._noise))
        self.steady_s += np.float32(passed_s)
        self.steady_s[other] = 0.0
        cv2.copyTo(picture, _mask(other), self._candidate)
        cv2.accumulateWeighted(picture, self._candidate, _FOLLOW, _mask(~other))

    def is_lit(self, picture: Floats) -> bool:
        """Whether enough of the known scene's contrast is there for it to be seen."""
        return not self.is_known.any() or bool(picture.std() >= _LEAST_CONTRAST * self.known.std())

    def follow(self, picture: Floats) -> None:
        """Let the scene go with the light where it is still the same."""
        import cv2

        self.now_strange = self.strange(picture)
        # A look that has not been steady may be somebody's sleeve that happens to be alike.
        same = ~self.now_strange & (self.steady_s >= FIRST_STEADY_S)
        cv2.accumulateWeighted(picture, self.known, _FOLLOW, _mask(same))

    def accept(self, where: Flags) -> None:
        """Take what is seen there for the scene."""
        import cv2

        cv2.copyTo(self._candidate, _mask(where), self.known)
        self.is_known |= where

    def strange(self, picture: Floats) -> Flags:
        """Where a picture is not the scene, or nothing is known."""
        return unlike(look(self.known), look(picture), self._noise) | ~self.is_known


def _mask(where: Flags) -> Image:
    return where.view(np.uint8)


def calm(strangers: Flags) -> Flags:
    """Without single specks, which noise and the edges of a shaking camera make."""
    import cv2

    return np.asarray(cv2.medianBlur(strangers.astype(np.uint8), 3), np.bool_)


def outlines(strangers: Flags, height: int, width: int) -> Flags:
    """The parts of a picture of that size to be made unrecognisable, (height, width).

    Gaps are closed (a plain shirt before a plain wall differs at its edges), a margin is added.
    """
    import cv2

    side = max(strangers.shape)
    close, grow = (2 * round(side * share / 2) + 1 for share in (_CLOSE_SHARE, 2 * _GROW_SHARE))
    # Whoever reaches beyond the picture is closed against its edge as well.
    mask = np.pad(calm(strangers).astype(np.uint8), close, mode="edge")
    closed = cv2.morphologyEx(mask, cv2.MORPH_CLOSE, _disc(close))
    grown = cv2.dilate(closed, _disc(grow))[close:-close, close:-close]
    return np.asarray(cv2.resize(grown, (width, height), interpolation=cv2.INTER_NEAREST), np.bool_)


def _disc(size: int) -> Image:
    import cv2

    return np.asarray(cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (size, size)), np.uint8)
