"""Configurations of Triton's model repository, written and read as protobuf text.

Triton's schema is a subset here, by its own names and numbers (common/protobuf/model_config.proto): the text form carries
names only, and a name that is not in the schema is an error, here as in Triton.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from ...core.exporting import FREE

#: onnxruntime's type -> Triton's.
TYPES = {"tensor(int64)": "TYPE_INT64", "tensor(float)": "TYPE_FP32", "tensor(int32)": "TYPE_INT32", "tensor(bool)": "TYPE_BOOL"}  # fmt: skip
_NUMBERS = {"TYPE_BOOL": 1, "TYPE_INT32": 8, "TYPE_INT64": 9, "TYPE_FP16": 10, "TYPE_FP32": 11, "TYPE_FP64": 12}
#: message -> [(field, number, kind)]: kind is a scalar's name, an enum's or a message's; "*" before it: repeated.
_SCHEMA: dict[str, list[tuple[str, int, str]]] = {
    "ModelInput": [("name", 1, "string"), ("data_type", 2, "DataType"), ("dims", 4, "*int64")],
    "ModelOutput": [("name", 1, "string"), ("data_type", 2, "DataType"), ("dims", 3, "*int64")],
    "ModelDynamicBatching": [("preferred_batch_size", 1, "*int32"), ("max_queue_delay_microseconds", 2, "uint64")],
    "ModelConfig": [
        ("name", 1, "string"),
        ("platform", 2, "string"),
        ("max_batch_size", 4, "int32"),
        ("input", 5, "*ModelInput"),
        ("output", 6, "*ModelOutput"),
        ("dynamic_batching", 11, "ModelDynamicBatching"),
        ("backend", 17, "string"),
    ],
}
_SCALARS = {"string": 9, "int64": 3, "int32": 5, "uint64": 4}


@cache
def config_class() -> Any:
    """Return the message class of config.pbtxt."""
    from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

    file = descriptor_pb2.FileDescriptorProto(name="fmtools_triton.proto", package="inference", syntax="proto3")
    kinds = file.enum_type.add(name="DataType")
    kinds.value.add(name="TYPE_INVALID", number=0)
    for name, number in _NUMBERS.items():
        kinds.value.add(name=name, number=number)
    for message, fields in _SCHEMA.items():
        own = file.message_type.add(name=message)
        for name, number, kind in fields:
            field = own.field.add(name=name, number=number, label=3 if kind[0] == "*" else 1)
            plain = kind.removeprefix("*")
            if plain in _SCALARS:
                field.type = _SCALARS[plain]
            else:
                field.type = 14 if plain == "DataType" else 11
                field.type_name = f".inference.{plain}"
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName("inference.ModelConfig"))


def write(name: str, session: Any, axes: dict[str, list[str]], batch: int) -> str:
    """Return config.pbtxt for an ONNX file that a session has opened; free axes are -1, the batch is Triton's own."""
    from google.protobuf import text_format

    config = config_class()(name=name, backend="onnxruntime", max_batch_size=batch)
    for kind, found in (("input", session.get_inputs()), ("output", session.get_outputs())):
        for value in found:
            sizes = zip(value.shape[1:], axes[value.name][1:], strict=True)
            dims = [-1 if axis in FREE or not isinstance(size, int) else size for size, axis in sizes]
            getattr(config, kind).add(name=value.name, data_type=TYPES[value.type], dims=dims)
    config.dynamic_batching.max_queue_delay_microseconds = 1000
    return str(text_format.MessageToString(config))


def read(text: str) -> Any:
    """Return the message of a config.pbtxt. Raises google.protobuf.text_format.ParseError."""
    from google.protobuf import text_format

    return text_format.Parse(text, config_class()())


def faults(config: Any, session: Any) -> list[str]:
    """Return where a configuration does not say what the ONNX file beside it is; empty when it does."""
    found = []
    for kind, values in (("input", session.get_inputs()), ("output", session.get_outputs())):
        said = {one.name: (one.data_type, list(one.dims)) for one in getattr(config, kind)}
        for value in values:
            if value.name not in said:
                found.append(f"{kind} {value.name} is missing")
                continue
            number, dims = said.pop(value.name)
            if number != _NUMBERS[TYPES[value.type]]:
                found.append(f"{kind} {value.name} has another type")
            fits = len(dims) == len(value.shape) - 1 and all(
                said_size in (-1, size) for said_size, size in zip(dims, value.shape[1:], strict=True)
            )
            if not fits:
                found.append(f"{kind} {value.name} has another shape")
        found += [f"{kind} {name} is not in the model" for name in said]
    return found
