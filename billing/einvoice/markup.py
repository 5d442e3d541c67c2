"""Writing XML: elements with what they contain, and nothing where there is nothing to say."""

import re
from collections.abc import Mapping
from xml.etree import ElementTree

Element = ElementTree.Element
Content = Element | str | None

# What XML 1.0 has no way to write (production 2, "Char").
_NOT_IN_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class Writer:
    """Makes elements of the namespaces that it knows by their prefixes."""

    def __init__(self, namespaces: Mapping[str, str]) -> None:
        self.namespaces = namespaces
        for prefix, uri in namespaces.items():
            ElementTree.register_namespace(prefix, uri)

    def optional(self, name: str, /, *content: Content, **attributes: str) -> Element | None:
        """The element, or None if it would have neither elements nor text in it."""
        made = self.element(name, *content, **attributes)
        return made if len(made) or made.text else None

    def element(self, name: str, /, *content: Content, **attributes: str) -> Element:
        """name: such as "ram:Name". Texts lose what XML cannot write and the space around them."""
        prefix, local_name = name.split(":")
        made = Element(f"{{{self.namespaces[prefix]}}}{local_name}", attributes)
        for each in content:
            if isinstance(each, str):
                made.text = writable(each)
            elif each is not None:
                made.append(each)
        return made

    def document(self, root: Element) -> bytes:
        ElementTree.indent(root)
        written: bytes = ElementTree.tostring(root, encoding="UTF-8", xml_declaration=True)
        return written


def writable(text: str) -> str:
    return _NOT_IN_XML.sub("", text).strip()
