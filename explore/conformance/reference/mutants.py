"""Mutants of the emulator: each deviates in one line from `Dsm`, and has a name that says how.

They are made by changing the emulator's source, so that the emulator itself knows nothing of them.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from functools import cache
from importlib import resources
from types import ModuleType

from ....model.language import ModelError
from .dsm import Dsm


@dataclass(frozen=True)
class Mutant:
    """A deviation: what it is, and the line that it changes. ``ambiguous``: an open point that allows it, if one does."""

    label: str
    old: str
    new: str
    ambiguous: str = ""

    def make(self) -> type[Dsm]:
        """The deviating class. Raises `ModelError` when the line is not, or not exactly once, in the emulator."""
        source = resources.files(__package__).joinpath("dsm.py").read_text(encoding="utf-8")
        if source.count(self.old) != 1:
            raise ModelError(f"mutant {self.label}: the emulator has {source.count(self.old)} times: {self.old.strip()!r}")
        module = ModuleType(f"{__package__}.mutant")
        sys.modules[module.__name__] = module  # where dataclasses look their module up
        exec(compile(source.replace(self.old, self.new), f"<mutant {self.label}>", "exec"), vars(module))
        found = vars(module)["Dsm"]
        assert isinstance(found, type)
        return found


def _of(line: str, *deviations: tuple[str, ...]) -> tuple[Mutant, ...]:
    """Deviations of one line: label, what stands there instead, and the open point that allows it, if one does."""
    return tuple(Mutant(label, line, *rest) for label, *rest in deviations)


_MUTANTS: tuple[Mutant, ...] = (
    # LOCK_INTERFACE
    *_of(
        "        if self.tdi.state != UNLOCKED:\n",
        ("lock-in-run", "        if self.tdi.state not in (UNLOCKED, RUN):\n"),
        ("lock-in-locked", "        if self.tdi.state not in (UNLOCKED, LOCKED):\n"),
        ("lock-in-error", "        if self.tdi.state not in (UNLOCKED, ERROR):\n", "A-6: error_recovery=automatic"),
    ),
    Mutant("lock-on-any-stream", "        if stream_id != self.default_stream:\n", "        if False:\n"),
    Mutant("lock-without-keys", '        if not stream.complete("programmed", "used"):\n            raise Refused(INVALID_REQUEST)\n        if stream.session != session:', "        if stream.session not in (session, \"\"):"),
    Mutant("keys-shared-between-sub-streams", "            all(self.slots.get(k | tx << 1 | sub << 4) in states for tx in (0, 1) for sub in (0, 1, 2)) for k in (0, 1)", "            all(any(self.slots.get(k | tx << 1 | sub << 4) in states for sub in (0, 1, 2)) for tx in (0, 1)) for k in (0, 1)"),
    Mutant("transmit-keys-not-needed", "for tx in (0, 1) for sub in (0, 1, 2)) for k", "for tx in (0,) for sub in (0, 1, 2)) for k"),
    Mutant("no-session-binding-of-keys", "        if stream.session != session:\n", "        if False:\n"),
    Mutant("lock-ignores-faults", '        if self.fault != "none":\n', '        if self.fault == "overlap":\n'),
    Mutant("lock-ignores-phantom-functions", '        if self.fault != "none":\n', '        if self.fault not in ("none", "phantom_functions"):\n'),
    Mutant("lock-without-entropy", '        if self.fault == "no_entropy":\n            raise Refused(NO_ENTROPY)\n        if self.fault != "none":', '        if self.fault not in ("none", "no_entropy"):'),
    Mutant("entropy-code", "            raise Refused(NO_ENTROPY)\n", "            raise Refused(INVALID_NONCE)\n"),
    Mutant("lock-wrong-state-code", "        if self.tdi.state != UNLOCKED:\n            raise Refused(INVALID_STATE)\n", "        if self.tdi.state != UNLOCKED:\n            raise Refused(INVALID_REQUEST)\n"),
    Mutant("lock-bad-stream-code", "        if stream_id != self.default_stream:\n            raise Refused(INVALID_REQUEST)\n", "        if stream_id != self.default_stream:\n            raise Refused(INVALID_INTERFACE)\n"),
    Mutant("lock-keys-code", '        if not stream.complete("programmed", "used"):\n            raise Refused(INVALID_REQUEST)\n        if stream.session != session:', '        if not stream.complete("programmed", "used"):\n            raise Refused(INVALID_NONCE)\n        if stream.session != session:'),
    *_of(
        "        self.tdi = Tdi(LOCKED, session, nonce, flags, offset)\n",
        ("lock-does-not-lock", "        self.tdi = Tdi(UNLOCKED, session, nonce, flags, offset)\n"),
        ("lock-goes-to-run", "        self.tdi = Tdi(RUN, session, nonce, flags, offset)\n"),
        ("lock-forgets-its-session", '        self.tdi = Tdi(LOCKED, "", nonce, flags, offset)\n'),
    ),
    # The nonce
    *_of(
        "        if nonce != self.tdi.nonce:\n",
        ("nonce-not-compared", "        if False:\n"),
        ("nonce-compared-inverted", "        if nonce == self.tdi.nonce:\n"),
        ("nonce-half-compared", "        if nonce[:16] != self.tdi.nonce[:16]:\n"),
        ("nonce-last-byte-not-compared", "        if nonce[:31] != self.tdi.nonce[:31]:\n"),
        ("nonce-first-byte-not-compared", "        if nonce[1:] != self.tdi.nonce[1:]:\n"),
        ("nonce-zero-accepted", "        if nonce != self.tdi.nonce and any(nonce):\n"),
    ),
    Mutant("nonce-code", "            raise Refused(INVALID_NONCE)\n", "            raise Refused(INVALID_REQUEST)\n"),
    *_of(
        "        if nonce != self.tdi.nonce:\n",
        ("nonce-of-an-earlier-lock-accepted", '        if nonce not in [hashlib.sha256(b"nonce %d" % n).digest() for n in range(1, self.locks + 1)]:\n'),
        ("wrong-nonce-kills-the-nonce", "        if nonce != self.tdi.nonce and (setattr(self.tdi, 'nonce', b'') or True):\n"),
        ("wrong-nonce-ends-the-lock", "        if nonce != self.tdi.nonce and (self.stop() or True):\n"),
    ),
    # START_INTERFACE and STOP_INTERFACE
    *_of(
        "        if self.tdi.state != LOCKED:\n",
        ("start-in-unlocked", "        if self.tdi.state == UNLOCKED:\n            self.tdi.state = RUN\n            return b''\n        if self.tdi.state != LOCKED:\n"),
        ("start-in-run", "        if self.tdi.state == RUN:\n            return b''\n        if self.tdi.state != LOCKED:\n"),
        ("start-in-error", "        if self.tdi.state == ERROR:\n            self.tdi.state = RUN\n            return b''\n        if self.tdi.state != LOCKED:\n"),
    ),
    Mutant("start-changes-nothing", "        self.tdi.state = RUN\n", "        pass\n"),
    *_of(
        "        self.tdi = Tdi()\n        return b\"\"\n",
        ("stop-refused-in-error", "        if self.tdi.state == ERROR:\n            raise Refused(INVALID_STATE)\n        self.tdi = Tdi()\n        return b\"\"\n"),
        ("stop-refused-in-run", "        if self.tdi.state == RUN:\n            raise Refused(INVALID_STATE)\n        self.tdi = Tdi()\n        return b\"\"\n"),
        ("stop-refused-in-unlocked", "        if self.tdi.state == UNLOCKED:\n            raise Refused(INVALID_STATE)\n        self.tdi = Tdi()\n        return b\"\"\n", "A-7: stop_in_unlocked=error"),
        ("stop-changes-nothing-in-run", "        if self.tdi.state != RUN:\n            self.tdi = Tdi()\n        return b\"\"\n"),
        ("stop-goes-to-error", "        self.tdi = Tdi(ERROR)\n        return b\"\"\n"),
        ("stop-goes-to-locked", "        self.tdi.state = LOCKED if self.tdi.state == RUN else UNLOCKED\n        return b\"\"\n"),
        ("stop-clears-keys", "        self.tdi = Tdi()\n        self.stream(self.default_stream).lose()\n        return b\"\"\n", "A-15: stop_clears_keys=true"),
        ("stop-keeps-the-p2p-stream", "        self.tdi = Tdi(p2p=self.tdi.p2p)\n        return b\"\"\n", "after_stop=kept"),
    ),
    # The report
    *_of(
        "        if self.tdi.state not in (LOCKED, RUN):\n            raise Refused(INVALID_STATE)\n        if offset",
        ("report-in-unlocked", "        if self.tdi.state == ERROR:\n            raise Refused(INVALID_STATE)\n        self.tdi.report = self.tdi.report or self.make_report()\n        if offset"),
        ("report-in-error", "        if self.tdi.state == UNLOCKED:\n            raise Refused(INVALID_STATE)\n        self.tdi.report = self.tdi.report or self.make_report()\n        if offset"),
        ("report-refused-in-run", "        if self.tdi.state != LOCKED:\n            raise Refused(INVALID_STATE)\n        if offset", "A-4: report_in_run=false"),
    ),
    Mutant("report-offset-not-checked", "        if offset >= len(self.tdi.report):\n", "        if False:\n"),
    Mutant("report-remainder-wrong", "len(self.tdi.report) - offset - len(part)) + part", "len(self.tdi.report) - len(part)) + part"),
    Mutant("report-ignores-length", "        part = self.tdi.report[offset : offset + length]\n", "        part = self.tdi.report[offset:]\n"),
    Mutant("report-without-no-fw-update", "2 | self.tdi.flags & NO_FW_UPDATE, 0", "2, 0"),
    Mutant("report-always-with-no-fw-update", "2 | self.tdi.flags & NO_FW_UPDATE, 0", "2 | NO_FW_UPDATE, 0"),
    Mutant("report-shows-unlocked-msix", "            attributes = attributes if msix else attributes & ~3\n", "            pass\n"),
    Mutant("report-is-stale", "        self.tdi.report = self.make_report()\n", "        self.__dict__.setdefault('first_report', self.make_report())\n        self.tdi.report = self.first_report\n"),
    Mutant("report-without-offset", "        pages = self.tdi.offset >> 12\n", "        pages = 0\n"),
    Mutant("report-ranges-out-of-order", "        for first, count, attributes, bar in PAGES:\n", "        for first, count, attributes, bar in PAGES[::-1]:\n"),
    Mutant("report-length-lies", 'return head + struct.pack("<I", 4) + b"DSM0"', 'return head + struct.pack("<I", 9) + b"DSM0"'),
    # Peer-to-peer streams and attributes
    Mutant("bind-in-locked", "        stream = self.streams.get(stream_id, Stream())\n        if self.tdi.state != RUN:\n", "        stream = self.streams.get(stream_id, Stream())\n        if self.tdi.state not in (LOCKED, RUN):\n"),
    Mutant("bind-without-the-flag", "        if not self.tdi.flags & BIND_P2P:\n", "        if False:\n", "bind_p2p_flag=ignored"),
    Mutant("bind-of-the-default-stream", "        if stream_id == self.default_stream:\n            raise", "        if stream_id == self.default_stream and not stream.complete('used'):\n            raise"),
    Mutant("bind-without-keys", '        if not stream.complete("programmed", "used"):\n            raise Refused(INVALID_REQUEST)\n        if stream.session != self.tdi.session:', "        if stream.session not in (self.tdi.session, ''):"),
    Mutant("bind-with-keys-of-another-session", "        if stream.session != self.tdi.session:\n", "        if False:\n"),
    Mutant("bind-twice", "        if self.tdi.p2p:\n            raise", "        if False:\n            raise"),
    Mutant("bind-ignores-overlap", '        if self.p2p_fault != "none":\n', '        if self.p2p_fault not in ("none", "overlap"):\n'),
    Mutant("unbind-unbound", "        if not self.tdi.p2p or stream_id != self.tdi.p2p:\n", "        if self.tdi.p2p and stream_id != self.tdi.p2p:\n"),
    Mutant("unbind-any-id", "        if not self.tdi.p2p or stream_id != self.tdi.p2p:\n", "        if not self.tdi.p2p:\n"),
    Mutant("unbind-keeps-the-stream", "        self.tdi.p2p = 0\n", "        pass\n"),
    Mutant("refused-unbind-unbinds", "        if not self.tdi.p2p or stream_id != self.tdi.p2p:\n", "        if not self.tdi.p2p or (stream_id != self.tdi.p2p and (setattr(self.tdi, 'p2p', 0) or True)):\n"),
    Mutant("attribute-in-locked", "        first, pages, attributes, range_id = struct.unpack(\"<QIHH\", body)\n        if self.tdi.state != RUN:\n", "        first, pages, attributes, range_id = struct.unpack(\"<QIHH\", body)\n        if self.tdi.state not in (LOCKED, RUN):\n"),
    Mutant("attribute-of-any-range", "        if not any(f <= first and first + pages <= f + n for f, n in ranges):\n", "        if False:\n"),
    Mutant("attribute-failure-is-fatal", "        if not any(f <= first and first + pages <= f + n for f, n in ranges):\n", "        if not any(f <= first and first + pages <= f + n for f, n in ranges) and (self.to_error() or True):\n"),
    # All requests
    Mutant("session-not-asked-for", "        if session not in self.sessions:\n            return None\n", ""),
    Mutant("version-not-checked", "        if m[0] != 0x10 and code != 0x81:\n", "        if False:\n"),
    Mutant("version-minor-ignored", "        if m[0] != 0x10 and code != 0x81:\n", "        if m[0] & 0xF0 != 0x10 and code != 0x81:\n"),
    Mutant("interface-not-checked", '        if int.from_bytes(m[4:7], "little") != HOSTED:\n', "        if False:\n"),
    Mutant("segment-ignored", '        if int.from_bytes(m[4:7], "little") != HOSTED:\n', '        if int.from_bytes(m[4:6], "little") != HOSTED:\n'),
    Mutant("size-not-checked", "        if len(body) != BODY[code]:\n            raise Refused(INVALID_REQUEST)\n", "        body = body[: BODY[code]].ljust(BODY[code], b'\\0')\n"),
    Mutant("unknown-request-is-invalid", "            raise Refused(UNSUPPORTED, code)\n", "            raise Refused(INVALID_REQUEST)\n"),
    Mutant("unsupported-names-no-request", "            raise Refused(UNSUPPORTED, code)\n", "            raise Refused(UNSUPPORTED)\n"),
    Mutant("error-code-swapped", '+ struct.pack("<II", e.code, e.data)', '+ struct.pack("<II", e.data, e.code)'),
    Mutant("error-moves-to-error", "        except Refused as e:\n", "        except Refused as e:\n            self.to_error()\n"),
    Mutant("wrong-state-unlocks", "        except Refused as e:\n", "        except Refused as e:\n            if e.code == INVALID_STATE and self.tdi.state == RUN:\n                self.tdi = Tdi()\n"),
    *_of(
        '                return b"\\x01\\x10"\n',
        ("get-version-resets", '                self.tdi = Tdi()\n                return b"\\x01\\x10"\n'),
        ("version-list-without-1.0", '                return b"\\x01\\x11"\n'),
        ("version-count-lies", '                return b"\\x02\\x10"\n'),
    ),
    Mutant("capabilities-without-stop", "bytes((0xFE, 0x07))", "bytes((0x7E, 0x07))"),
    Mutant("answer-for-interface-zero", "header = bytes((0x10, m[1] & 0x7F)) + bytes(2) + m[4:8] + bytes(8)", "header = bytes((0x10, m[1] & 0x7F)) + bytes(14)"),
    Mutant("answer-with-the-request's-code", "header = bytes((0x10, m[1] & 0x7F)) + bytes(2)", "header = bytes((0x10, m[1])) + bytes(2)"),
    Mutant("answer-of-version-0", "header = bytes((0x10, m[1] & 0x7F)) + bytes(2)", "header = bytes((0x00, m[1] & 0x7F)) + bytes(2)"),
    Mutant("state-says-locked-in-run", "                return bytes((self.tdi.state,))\n", "                return bytes((min(self.tdi.state, LOCKED),))\n"),
    Mutant("state-reserved-in-error", "                return bytes((self.tdi.state,))\n", "                return bytes((self.tdi.state + (self.tdi.state == ERROR),))\n"),
    # IDE_KM
    Mutant("second-session-may-key", "        stream = self.stream(stream_id)\n        if not self.owned(session, stream):\n            return None\n        if len(m) != 47:", "        stream = self.stream(stream_id)\n        if len(m) != 47:"),
    Mutant("second-session-may-query", "        if not self.owned(session, self.stream(self.default_stream)):\n", "        if False:\n"),
    Mutant("second-session-gets-an-error", "        if not self.owned(session, stream):\n            return None\n        if len(m) != 47:", "        if not self.owned(session, stream):\n            return 4\n        if len(m) != 47:"),
    Mutant("first-byte-of-the-stream-in-acks-is-zero", "return None if status is None else bytes((3, 0, 0, stream_id, status, kss, port))", "return None if status is None else bytes((3, 0, 0, 0, status, kss, port))"),
    Mutant("go-is-not-enough", "        if stream.enabled and not stream.failed and stream.complete(\"used\"):\n", "        if False:\n"),
    Mutant("go-without-key-acknowledged", '        if stream.slots.get(kss) != "programmed":\n            return False\n', '        if stream.slots.get(kss) != "programmed":\n            return True\n', "go_without_key=ack"),
    Mutant("go-without-key-uses-it", '        if stream.slots.get(kss) != "programmed":\n            return False\n', ""),
    Mutant("go-of-another-port", "        if port != self.port or not self.owned(session, stream):\n            return False\n        if stream.slots.get(kss) != \"programmed\"", "        if not self.owned(session, stream):\n            return False\n        if stream.slots.get(kss) != \"programmed\""),
    Mutant("key-prog-over-a-set-in-use", '        if stream.slots.get(kss) == "used":\n            return 4\n', "", "live_key_prog=overwrite"),
    Mutant("key-prog-over-a-set-in-use-ignored", '        if stream.slots.get(kss) == "used":\n            return 4\n', '        if stream.slots.get(kss) == "used":\n            return None\n'),
    Mutant("ifv-not-checked", "        if kss >> 4 > 2 or m[39:47] != bytes((0, 0, 0, 0, 1, 0, 0, 0)):\n", "        if kss >> 4 > 2:\n"),
    Mutant("ifv-in-the-other-word-order", "m[39:47] != bytes((0, 0, 0, 0, 1, 0, 0, 0))", "m[39:47] != bytes((1, 0, 0, 0, 0, 0, 0, 0))"),
    Mutant("sub-stream-not-checked", "        if kss >> 4 > 2 or m[39:47]", "        if m[39:47]"),
    Mutant("port-not-checked", "        if port != self.port:\n            return 2\n", ""),
    Mutant("port-status", "        if port != self.port:\n            return 2\n", "        if port != self.port:\n            return 3\n"),
    Mutant("key-prog-length-not-checked", "        if len(m) != 47:\n            return 1\n", ""),
    Mutant("key-prog-status-reserved", "            return 4\n        stream.slots[kss] =", "            return 9\n        stream.slots[kss] ="),
    Mutant("stop-keeps-the-key", "        del stream.slots[kss]\n", '        stream.slots[kss] = "programmed"\n'),
    Mutant("stop-makes-the-stream-insecure", "        del stream.slots[kss]\n", "        del stream.slots[kss]\n        stream.secure = False\n"),
    Mutant("stop-not-acknowledged", "        del stream.slots[kss]\n        return True\n", "        del stream.slots[kss]\n        return False\n"),
    *_of(
        '        if stream.enabled and not stream.failed and stream.complete("used"):',
        ("secure-without-enable", '        if not stream.failed and stream.complete("used"):'),
        ("secure-again-without-enable-cleared", '        if stream.enabled and stream.complete("used"):'),
        ("secure-with-receivers-alone", '        if stream.enabled and not stream.failed and any(stream.slots.get(k) == "used" for k in (0, 1)):'),
    ),
    Mutant("secure-with-keys-that-are-not-used", 'and stream.complete("used"):', 'and stream.complete("used", "programmed"):'),
    Mutant("switch-keeps-the-old-set", "                stream.slots.pop(kss & 1 ^ 1 | 2 | sub << 4, None)\n", "                pass\n"),
    # Events
    Mutant("error-never-entered", "            self.tdi = Tdi(ERROR)\n\n    def end_session", "            pass\n\n    def end_session"),
    Mutant("run-never-left-by-events", "        if self.tdi.state in (LOCKED, RUN):\n            self.tdi = Tdi(ERROR)\n", "        if self.tdi.state == LOCKED:\n            self.tdi = Tdi(ERROR)\n"),
    Mutant("configuration-not-tracked", "    def on_config_change(self) -> None:\n        self.to_error()\n", "    def on_config_change(self) -> None:\n        pass\n"),
    Mutant("configuration-change-in-unlocked-is-fatal", "    def on_config_change(self) -> None:\n        self.to_error()\n", "    def on_config_change(self) -> None:\n        self.tdi = Tdi(ERROR)\n"),
    Mutant("msix-not-tracked", "        if self.tdi.flags & LOCK_MSIX:\n            self.to_error()\n", "        pass\n"),
    Mutant("stream-loss-unnoticed", "            stream.lose()\n            self.to_error()\n\n    def on_root", "            stream.lose()\n\n    def on_root"),
    Mutant("keys-outlive-the-stream", "            stream.lose()\n            self.to_error()\n\n    def on_root", "            stream.secure = False\n            self.to_error()\n\n    def on_root"),
    Mutant("session-end-unnoticed", "        if self.tdi.session == session:\n            self.to_error()\n", "        pass\n"),
    Mutant("keys-outlive-their-session", "                stream.lose()\n                stream.session = \"\"\n", ""),
    Mutant("flr-spares-the-tdi", "            stream.enabled = stream.failed = False\n        self.to_error()\n\n    def on_conventional", "            stream.enabled = stream.failed = False\n\n    def on_conventional"),
    Mutant("flr-unlocks", "            stream.enabled = stream.failed = False\n        self.to_error()\n\n    def on_conventional", "            stream.enabled = stream.failed = False\n        self.tdi = Tdi()\n\n    def on_conventional", "A-6: error_recovery=automatic, recovery_after_flr=true"),
    Mutant("flr-keeps-the-streams", "            stream.lose()\n            stream.enabled = stream.failed = False\n        self.to_error()\n\n    def on_conventional", "            stream.enabled = stream.failed = False\n        self.to_error()\n\n    def on_conventional"),
    Mutant("reset-goes-to-error", "        self.streams.clear()\n        self.tdi = Tdi()\n", "        self.streams.clear()\n        self.tdi = Tdi(ERROR)\n"),
    Mutant("reset-keeps-the-lock", "        self.streams.clear()\n        self.tdi = Tdi()\n", "        self.streams.clear()\n"),
    Mutant("update-under-no-fw-update", "        if self.tdi.flags & NO_FW_UPDATE and self.tdi.state in (LOCKED, RUN):\n            return False\n", ""),
    Mutant("debug-keeps-the-lock", "        self.end_all()\n        self.to_error()\n", "        self.sessions.clear()\n"),
    Mutant("debug-keeps-the-sessions", "        self.end_all()\n        self.to_error()\n", "        self.to_error()\n"),
    Mutant("p2p-loss-unnoticed", "            self.stream(self.tdi.p2p).lose()\n            self.to_error()\n", "            self.stream(self.tdi.p2p).lose()\n"),
    Mutant("ats-anomaly-unnoticed", "        if self.tdi.state == RUN:\n            self.to_error()\n", "        pass\n"),
    Mutant("ats-write-is-fatal", "    def on_ats_capability_write(self) -> None:\n        pass\n", "    def on_ats_capability_write(self) -> None:\n        self.to_error()\n", "A-14: ats_write=error"),
    Mutant("tolerated-write-is-fatal", "    def on_tolerated(self) -> None:\n        pass\n", "    def on_tolerated(self) -> None:\n        self.to_error()\n"),
    # Robustness
    Mutant("crashes-on-a-short-lock", "        if len(body) != BODY[code]:\n            raise Refused(INVALID_REQUEST)\n", "        if len(body) != BODY[code] and code != 0x83:\n            raise Refused(INVALID_REQUEST)\n"),
    Mutant("silent-in-error", "        header = bytes((0x10, m[1] & 0x7F))", "        if self.tdi.state == ERROR:\n            return None\n        header = bytes((0x10, m[1] & 0x7F))"),
    Mutant("answers-with-ide-km", "        return None if answer is None else bytes((protocol,)) + answer\n", "        return None if answer is None else bytes((0,)) + answer\n"),
    Mutant("answers-cut-short", "            return header + self.request(session, m)\n", "            return (header + self.request(session, m))[:47]\n"),
    Mutant("answers-padded", "            return header + self.request(session, m)\n", "            return header + self.request(session, m) + b'\\0'\n"),
)  # fmt: skip


@cache
def gallery() -> dict[str, Mutant]:
    """All mutants by label."""
    return {m.label: m for m in _MUTANTS}
