"""The service's description, made from the same table as its messages (document/literal, wrapped)."""

from __future__ import annotations

from collections.abc import Iterable

from lxml import etree

from kashflow.gateway.schema import (
    ARRAYS,
    CREDENTIALS,
    NAMESPACE,
    OPERATIONS,
    RECORDS,
    STATUS,
    Array,
    Field,
    Operation,
    Record,
)
from kashflow.sandbox.soap import XSD

_WSDL = "http://schemas.xmlsoap.org/wsdl/"
_HTTP = "http://schemas.xmlsoap.org/soap/http"
_PORTS = {
    "KashFlowAPISoap": "http://schemas.xmlsoap.org/wsdl/soap/",
    "KashFlowAPISoap12": "http://schemas.xmlsoap.org/wsdl/soap12/",
}
_PREFIXES = {
    "wsdl": _WSDL,
    "s": XSD,
    "tns": NAMESPACE,
    "soap": _PORTS["KashFlowAPISoap"],
    "soap12": _PORTS["KashFlowAPISoap12"],
}


def wsdl(address: str) -> bytes:
    """The WSDL naming `address` as the endpoint of both ports."""
    root = etree.Element(f"{{{_WSDL}}}definitions", {"targetNamespace": NAMESPACE}, nsmap=_PREFIXES)
    _types(_wsdl(root, "types"))
    for operation in OPERATIONS.values():
        _message(root, f"{operation.name}SoapIn", operation.name)
        _message(root, f"{operation.name}SoapOut", operation.response)
    _port_type(root)
    for port, binding_namespace in _PORTS.items():
        _binding(root, port, binding_namespace)
    service = _wsdl(root, "service", name="KashFlowAPI")
    for port, binding_namespace in _PORTS.items():
        place = _wsdl(service, "port", name=port, binding=f"tns:{port}")
        etree.SubElement(place, f"{{{binding_namespace}}}address", {"location": address})
    return etree.tostring(root, xml_declaration=True, encoding="utf-8", pretty_print=True)


def _wsdl(parent: etree._Element, tag: str, **attributes: str) -> etree._Element:
    return etree.SubElement(parent, f"{{{_WSDL}}}{tag}", attributes)


def _schema(parent: etree._Element, tag: str, **attributes: str) -> etree._Element:
    return etree.SubElement(parent, f"{{{XSD}}}{tag}", attributes)


def _types(parent: etree._Element) -> None:
    schema = _schema(parent, "schema", elementFormDefault="qualified", targetNamespace=NAMESPACE)
    for operation in OPERATIONS.values():
        _wrapper(schema, operation.name, CREDENTIALS + operation.inputs)
        _wrapper(schema, operation.response, _answers(operation))
    for record in RECORDS.values():
        _complex(schema, record)
    for array in filter(lambda one: one.is_declared, ARRAYS.values()):
        _array(schema, array)


def _answers(operation: Operation) -> tuple[Field, ...]:
    return ((operation.result,) if operation.result else ()) + STATUS


def _wrapper(schema: etree._Element, name: str, fields: Iterable[Field]) -> None:
    _sequence(_schema(_schema(schema, "element", name=name), "complexType"), fields)


def _complex(schema: etree._Element, record: Record) -> None:
    kind = _schema(schema, "complexType", name=record.name)
    if record.extends:
        kind = _schema(
            _schema(kind, "complexContent", mixed="false"), "extension", base=f"tns:{record.extends}"
        )
    _sequence(kind, record.own_fields)


def _array(schema: etree._Element, array: Array) -> None:
    sequence = _schema(_schema(schema, "complexType", name=array.name), "sequence")
    # An element without a type may hold anything, and says in xsi:type what it holds.
    kind = {} if array.any_type else {"type": f"tns:{array.record}"}
    _schema(
        sequence, "element", minOccurs="0", maxOccurs="unbounded", name=array.item, nillable="true", **kind
    )


def _sequence(parent: etree._Element, fields: Iterable[Field]) -> None:
    sequence = _schema(parent, "sequence")
    for field in fields:
        kind = f"{'s' if field.is_scalar else 'tns'}:{field.xml_type}"
        nil = {"nillable": "true"} if field.nillable else {}
        occurs = "0" if field.optional else "1"
        _schema(sequence, "element", minOccurs=occurs, maxOccurs="1", name=field.name, type=kind, **nil)


def _message(root: etree._Element, name: str, element: str) -> None:
    _wsdl(_wsdl(root, "message", name=name), "part", name="parameters", element=f"tns:{element}")


def _port_type(root: etree._Element) -> None:
    port_type = _wsdl(root, "portType", name="KashFlowAPISoap")
    for operation in OPERATIONS.values():
        place = _wsdl(port_type, "operation", name=operation.name)
        _wsdl(place, "input", message=f"tns:{operation.name}SoapIn")
        _wsdl(place, "output", message=f"tns:{operation.name}SoapOut")


def _binding(root: etree._Element, port: str, namespace: str) -> None:
    binding = _wsdl(root, "binding", name=port, type="tns:KashFlowAPISoap")
    etree.SubElement(binding, f"{{{namespace}}}binding", {"transport": _HTTP})
    for operation in OPERATIONS.values():
        place = _wsdl(binding, "operation", name=operation.name)
        etree.SubElement(
            place, f"{{{namespace}}}operation", {"soapAction": operation.soap_action, "style": "document"}
        )
        for way in ("input", "output"):
            etree.SubElement(_wsdl(place, way), f"{{{namespace}}}body", {"use": "literal"})
