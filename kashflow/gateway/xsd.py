"""Our XSD, made from the schema and compiled once: what we send is checked against it before it goes out."""

from __future__ import annotations

from functools import cache
from typing import Any

from lxml import etree

from kashflow.gateway.schema import (
    ARRAYS,
    CREDENTIALS,
    NAMESPACE,
    OPERATIONS,
    RECORDS,
    Array,
    Field,
    Operation,
    Record,
)

XS = "http://www.w3.org/2001/XMLSchema"


def first_fault(call: etree._Element) -> str:
    """Which element of an operation breaks the schema and how, or '' for a good one."""
    schema: Any = _compiled()
    if schema.validate(call):
        return ""
    return str(schema.error_log[0].message).replace(f"{{{NAMESPACE}}}", "")


@cache
def _compiled() -> etree.XMLSchema:
    return etree.XMLSchema(document())


def document() -> etree._Element:
    """The schema of all operations' requests as an XML element."""
    root: etree._Element = etree.Element(
        _xs("schema"),
        {"targetNamespace": NAMESPACE, "elementFormDefault": "qualified"},
        {"xs": XS, "k": NAMESPACE},
    )
    for record in RECORDS.values():
        _record(root, record)
    for array in filter(lambda one: one.is_declared, ARRAYS.values()):
        _array(root, array)
    for operation in OPERATIONS.values():
        _operation(root, operation)
    return root


def _operation(root: etree._Element, operation: Operation) -> None:
    element = etree.SubElement(root, _xs("element"), {"name": operation.name})
    sequence = etree.SubElement(etree.SubElement(element, _xs("complexType")), _xs("sequence"))
    for credential in CREDENTIALS:
        _field(sequence, Field(credential.name, credential.type))
    for field in operation.inputs:
        _field(sequence, field)


def _record(root: etree._Element, record: Record) -> None:
    parent = etree.SubElement(root, _xs("complexType"), {"name": record.name})
    if record.extends:
        content = etree.SubElement(parent, _xs("complexContent"))
        parent = etree.SubElement(content, _xs("extension"), {"base": f"k:{record.extends}"})
    sequence = etree.SubElement(parent, _xs("sequence"))
    for field in record.own_fields:
        _field(sequence, field)


def _array(root: etree._Element, array: Array) -> None:
    kind = etree.SubElement(root, _xs("complexType"), {"name": array.name})
    sequence = etree.SubElement(kind, _xs("sequence"))
    attributes = {"name": array.item, "type": f"k:{array.record}", "minOccurs": "0", "maxOccurs": "unbounded"}
    etree.SubElement(sequence, _xs("element"), attributes)


def _field(sequence: etree._Element, field: Field) -> None:
    prefix = "xs" if field.is_scalar else "k"
    attributes = {"name": field.name, "type": f"{prefix}:{field.xml_type}"}
    if field.optional:
        attributes["minOccurs"] = "0"
    if field.nillable:
        attributes["nillable"] = "true"
    etree.SubElement(sequence, _xs("element"), attributes)


def _xs(name: str) -> str:
    return f"{{{XS}}}{name}"
