"""What the printing engine leaves wrong in a PDF's structure tree, put right before the file is written.

What belongs here: repairs of the tags that WeasyPrint 70 makes, each with its reason, on the engine's own objects. What
a tag holds is decided in `report_templates/`; printing is `pipeline.pdf`'s.

PDF/UA and the engine part here: header cells have no scope; each column of a list is a list in the list, and an entry
of a `<dl>` is an `/LI` below a `/Div`, so that the list holds no list items; every inline box within a link carries a
link annotation of its own, outside the `/Link`; an annotation is described by its anchor's name; running heads are
marked as content that no tag leads to; a figure's box is given from the page's top, in CSS pixels.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pydyf

if TYPE_CHECKING:
    from weasyprint import Document

_POINTS_PER_PX = 0.75
_PRINTED = 4  # the annotation flag: what the screen shows, paper shows too


def mend(document: Document, pdf: pydyf.PDF) -> None:
    """The engine's `finisher`: called with the whole PDF before its objects are written."""
    _describe_links(document)
    root = next(item for item in pdf.objects if isinstance(item, dict) and item.get("Type") == "/StructTreeRoot")
    reached = dict(_tagged(pdf, root, root))
    for element, above in list(reached.values()):
        _MEND.get(element["S"], _keep)(pdf, element, above)
        if "OBJR" in _kinds(pdf, element) and _is_in_link(pdf, element):
            _drop_annotation(pdf, element, root)
    for element, _ in reached.values():
        element["K"][:] = [kid for kid in element["K"] if isinstance(kid, int) or not _is_empty(pdf, kid)]
    _mark_running_heads(pdf, root, set(reached))


def _object(pdf: pydyf.PDF, reference: bytes) -> Any:
    return pdf.objects[int(reference.split()[0])]


def _tagged(pdf: pydyf.PDF, element: Any, above: Any) -> Iterator[tuple[int, tuple[Any, Any]]]:
    """Every element that the tree leads to, by its object's number, with the one above it, in reading order."""
    for kid in element["K"]:
        if isinstance(kid, int):
            continue
        below = _object(pdf, kid)
        if below["Type"] == "/StructElem":
            yield below.number, (below, element)
            yield from _tagged(pdf, below, element)


def _kinds(pdf: pydyf.PDF, element: Any) -> set[str]:
    return {_object(pdf, kid)["Type"].lstrip("/") for kid in element["K"] if not isinstance(kid, int)}


def _is_empty(pdf: pydyf.PDF, kid: bytes) -> bool:
    """A tag around nothing, as an inline box leaves where a line breaks before it."""
    element = _object(pdf, kid)
    return element["Type"] == "/StructElem" and element["S"] in ("/Span", "/NonStruct") and not element["K"]


def _keep(pdf: pydyf.PDF, element: Any, above: Any) -> None:
    """What the engine tags rightly."""


def _scope_header(pdf: pydyf.PDF, element: Any, above: Any) -> None:
    is_head = _object(pdf, above["P"])["S"] == "/THead"
    element["A"]["Scope"] = "/Column" if is_head else "/Row"


def _make_entry(pdf: pydyf.PDF, element: Any, above: Any) -> None:
    """A `<div>` of a `<dl>` is one item: its term the label, its description the body."""
    if _object(pdf, element["P"])["S"] != "/L":
        return
    element["S"] = "/LI"
    for place, kid in enumerate(element["K"], start=1):
        part = _object(pdf, kid)
        part["S"] = "/LBody" if place == len(element["K"]) else "/Lbl"
        for body in part["K"]:
            _object(pdf, body)["S"] = "/NonStruct"


def _join_columns(pdf: pydyf.PDF, element: Any, above: Any) -> None:
    """The columns that a list is set in hold its items; they are not lists of their own."""
    if above["S"] != "/L":
        return
    for kid in element["K"]:
        _object(pdf, kid)["P"] = above.reference
    place = above["K"].index(element.reference)
    above["K"][place : place + 1] = element["K"]
    element["K"] = pydyf.Array()


def _place_figure(pdf: pydyf.PDF, element: Any, above: Any) -> None:
    """The figure's box in points from the page's lower left corner."""
    left, top, right, bottom = (_POINTS_PER_PX * edge for edge in element["A"]["BBox"])
    height = _object(pdf, element["Pg"])["MediaBox"][3]
    element["A"]["BBox"] = pydyf.Array([left, height - bottom, right, height - top])


def _join_link(pdf: pydyf.PDF, element: Any, above: Any) -> None:
    """Generated text of a link is a part of it, not a link in a link."""
    if _is_in_link(pdf, element):
        element["S"] = "/Span"


_MEND = {"/TH": _scope_header, "/L": _join_columns, "/Div": _make_entry, "/Figure": _place_figure, "/Link": _join_link}


def _is_in_link(pdf: pydyf.PDF, element: Any) -> bool:
    above = _object(pdf, element["P"])
    return above["Type"] == "/StructElem" and (above["S"] == "/Link" or _is_in_link(pdf, above))


def _drop_annotation(pdf: pydyf.PDF, element: Any, root: Any) -> None:
    """The annotation of a box within a link, which has one of its own over the same words."""
    nums = _object(pdf, root["ParentTree"])["Nums"]
    for kid in [kid for kid in element["K"] if not isinstance(kid, int) and _object(pdf, kid)["Type"] == "/OBJR"]:
        element["K"].remove(kid)
        annotation = _object(pdf, kid)["Obj"]
        _object(pdf, element["Pg"])["Annots"].remove(annotation)
        place = nums.index(_object(pdf, annotation)["StructParent"], 0)
        del nums[place : place + 2]


def _describe_links(document: Document) -> None:
    """Each link says where it leads in the words of its `aria-label`, else in its own."""
    for page in document.pages:
        for _, _, _, box in page.links:
            words = box.element.get("aria-label") or " ".join("".join(box.element.itertext()).split())
            box.link_annotation["Contents"] = pydyf.String(words)
            box.link_annotation["F"] = _PRINTED


def _mark_running_heads(pdf: pydyf.PDF, root: Any, reached: set[int]) -> None:
    """What stands in a page's margin is no content: in its stream an artifact, in the tree nothing."""
    nums = _object(pdf, root["ParentTree"])["Nums"]
    pages = [item for item in pdf.objects if isinstance(item, dict) and item.get("Type") == "/Page"]
    for page in pages:
        owners = nums[nums.index(page["StructParents"]) + 1]
        stray = {place for place, owner in enumerate(owners) if _object(pdf, owner).number not in reached}
        written = _object(pdf, page["Contents"]).stream
        for place, item in enumerate(written):
            if isinstance(item, pydyf.Dictionary) and item.get("MCID") in stray:
                written[place - 1] = "/Artifact"
                written[place] = pydyf.Dictionary({"Type": "/Pagination"})
        owners[:] = [b"null" if place in stray else owner for place, owner in enumerate(owners)]
