"""Data forms (XEP-0004), as far as rooms and commands need them."""

from collections.abc import Mapping
from xml.etree.ElementTree import Element, SubElement

DATA = "jabber:x:data"


def named(form: Element | None, kind: str) -> list[str]:
    """Return the names of a form's fields of type `kind`, in their order (section 3.3; none said: text-single)."""
    found = form.iterfind(f"{{{DATA}}}field") if form is not None else ()
    return [name for each in found if (name := each.get("var")) and (each.get("type") or "text-single") == kind]


def fields(form: Element | None) -> dict[str, tuple[str, ...]]:
    """Return the values of a form's fields by name."""
    found: dict[str, tuple[str, ...]] = {}
    for field in form.iterfind(f"{{{DATA}}}field") if form is not None else ():
        name = field.get("var")
        if name is not None and field.get("type") != "fixed":
            found[name] = tuple(value.text or "" for value in field.iterfind(f"{{{DATA}}}value"))
    return found


def submission(values: Mapping[str, tuple[str, ...]]) -> Element:
    """Return the form filled in with these values by name."""
    form = Element(f"{{{DATA}}}x", {"type": "submit"})
    for name, each in values.items():
        field = SubElement(form, f"{{{DATA}}}field", {"var": name})
        for value in each:
            SubElement(field, f"{{{DATA}}}value").text = value
    return form
