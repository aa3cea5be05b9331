"""Who is who: patients told apart and keyed, duplicate instances found, contradictions set aside."""

from __future__ import annotations

import hashlib
import re
from collections import defaultdict
from collections.abc import Iterable, Sequence

from calcmeasure.dicom.header import Header
from calcmeasure.errors import ErrorCode
from calcmeasure.model.imaging import Skipped

_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")
_MAX_KEY = 48
_META_LENGTH_AT = 140


def group_patients(headers: Iterable[Header]) -> dict[tuple[str, str], list[Header]]:
    """Sort headers by person.

    Parameters
    ----------
    headers
        Of images.

    Returns
    -------
    dict
        (patient id, issuer) to headers, sorted. A blank id never joins two studies: the key is then
        ``("", study UID)``.
    """
    groups: dict[tuple[str, str], list[Header]] = defaultdict(list)
    for header in headers:
        patient_id = header.text("PatientID")
        issuer = header.text("IssuerOfPatientID") if patient_id else header.text("StudyInstanceUID")
        groups[patient_id, issuer].append(header)
    return dict(sorted(groups.items()))


def name_keys(groups: Iterable[tuple[str, str]]) -> dict[tuple[str, str], str]:
    """Give every patient a key that is safe as a file name.

    Parameters
    ----------
    groups
        (patient id, issuer or study UID) as from `group_patients`.

    Returns
    -------
    dict
        Unique keys of ``[A-Za-z0-9._-]``, never starting with a dot or dash. A key that had to be changed, or that
        differs from another only by case, ends in a digest of the id, so that it does not depend on who else is there.
    """
    identities = sorted(groups)
    plain = {identity: _plain_key(identity) for identity in identities}
    folded = [key.casefold() for key in plain.values()]
    return {
        i: key if folded.count(key.casefold()) == 1 and key == i[0] else _digest_key(i, key) for i, key in plain.items()
    }


def contradicts_person(headers: Sequence[Header]) -> bool:
    """Whether headers under one patient id differ in birth date or sex, or share no word of the name.

    Spelling, order of names, a maiden name or a blank value are no contradiction.
    """
    births = {h.text("PatientBirthDate") for h in headers} - {""}
    sexes = {h.text("PatientSex").upper() for h in headers} & {"F", "M"}
    names = [words for words in {frozenset(_name_words(h.text("PatientName"))) for h in headers} if words]
    return len(births) > 1 or len(sexes) > 1 or any(a.isdisjoint(b) for a in names for b in names)


def drop_duplicates(headers: Sequence[Header]) -> tuple[list[Header], list[Skipped]]:
    """Keep one copy of every instance.

    Parameters
    ----------
    headers
        In path order.

    Returns
    -------
    tuple
        Headers to use, and the rest: exact copies (``E_DUPLICATE``), or all instances of one UID when their data sets
        differ (``E_UID_CONFLICT``): which of them is right cannot be known.
    """
    by_uid: dict[str, list[Header]] = defaultdict(list)
    for header in headers:
        by_uid[header.text("SOPInstanceUID")].append(header)
    kept: list[Header] = []
    skipped: list[Skipped] = []
    for same in by_uid.values():
        if len(same) > 1 and len({_data_set_digest(h) for h in same}) > 1:
            skipped += [_conflict(h) for h in same]
            continue
        kept.append(same[0])
        skipped += [Skipped(h.path, ErrorCode.DUPLICATE, "an exact copy of an instance already read") for h in same[1:]]
    return kept, skipped


def _plain_key(identity: tuple[str, str]) -> str:
    patient_id, issuer = identity
    return _UNSAFE.sub("_", patient_id or f"study-{issuer[-12:]}")[:_MAX_KEY].strip("._-") or "patient"


def _digest_key(identity: tuple[str, str], key: str) -> str:
    return f"{key}-{hashlib.sha256(chr(0).join(identity).encode()).hexdigest()[:8]}"


def _name_words(name: str) -> list[str]:
    return [word for word in re.split(r"[\W_]+", name.casefold()) if len(word) > 1]


def _data_set_digest(header: Header) -> bytes:
    """Digest of everything after the file meta information, which may differ between true copies."""
    try:
        with header.path.open("rb") as file:
            start = file.read(_META_LENGTH_AT + 4)
            offset = 0
            if start[128:136] == b"DICM\x02\0\0\0":
                offset = _META_LENGTH_AT + 4 + int.from_bytes(start[_META_LENGTH_AT:], "little")
            file.seek(offset)
            return hashlib.file_digest(file, "sha256").digest()
    except OSError:
        return str(header.path).encode()


def _conflict(header: Header) -> Skipped:
    return Skipped(header.path, ErrorCode.UID_CONFLICT, "another instance has the same UID but different content")
