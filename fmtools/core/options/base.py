"""The base of every verb's options: one typed model, from which magics, command line, forms and docs are derived."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field, PrivateAttr, ValidationError, field_validator
from pydantic.fields import FieldInfo

from ..errors import OptionError

#: What completes an option's value: names the derive package knows how to list.
COMPLETIONS = (
    "tasks", "models", "data", "assets", "runs", "path", "choices", "formats", "steps", "followers", "space", "goals", "exporters", "optimizers", "indexes",
    "services", "running services",
)  # fmt: skip


@dataclass(frozen=True)
class Hint:
    """How an option looks in a command line and in a form.

    positional: given without its name. complete: see COMPLETIONS. unit: shown behind the value. group: "basic" or
    "advanced". log: a slider over it is logarithmic. live: takes a notebook variable (a frame) as well as text.
    needed: shown like a required one, where another option may stand for it. tasks: the tasks that an option of `train` is for; empty = all. search: where a hyper-parameter search looks, (low, high)
    or, with more or fewer than two values or of words, choices; searched: a search looks there when nobody says where,
    if the run has one of the `methods` (empty = any).
    """

    positional: bool = False
    complete: str = ""
    unit: str = ""
    group: str = "basic"
    log: bool = False
    live: bool = False
    needed: bool = False
    tasks: tuple[str, ...] = ()
    search: tuple[float | str, ...] = ()
    searched: bool = False
    methods: tuple[str, ...] = ()


def option(default: Any, help: str, *, hint: Hint | None = None, **bounds: Any) -> Any:
    """Declare one option: its default (`...` = required), its help, how it is shown, and pydantic's bounds."""
    return Field(default, description=help, json_schema_extra={"hint": vars(hint or Hint())}, **bounds)


def hint_of(field: FieldInfo) -> Hint:
    """Return how an option is shown."""
    extra = field.json_schema_extra
    return Hint(**extra["hint"]) if isinstance(extra, dict) and "hint" in extra else Hint()  # type: ignore[arg-type]


class Options(BaseModel):
    """Options of one verb. Unknown names are errors that suggest the nearest known one."""

    model_config = ConfigDict(extra="forbid", validate_assignment=True, arbitrary_types_allowed=True)
    #: The word behind `fmtools`; the magic's name where it is not fm_<verb>; one sentence for help texts.
    verb: ClassVar[str] = ""
    magic: ClassVar[str] = ""
    summary: ClassVar[str] = ""
    #: One line a user could type, shown in help.
    example: ClassVar[str] = ""
    _command: str = PrivateAttr("")
    _names: dict[str, str] = PrivateAttr(default_factory=dict)

    @property
    def command(self) -> str:
        """The line that asked for this, for run.json; empty when it came from Python."""
        return self._command

    @property
    def variables(self) -> dict[str, str]:
        """The notebook's names of values that are objects: {"data": "df"}."""
        return self._names

    def asked_as(self, command: str, names: dict[str, str] | None = None) -> None:
        """Remember the line that asked for this, with the notebook's names of variables in it."""
        self._command, self._names = command, dict(names or {})

    @classmethod
    def magic_name(cls) -> str:
        """Return the magic's name without its percent sign: `fm_train`."""
        return cls.magic or f"fm_{cls.verb}"

    @classmethod
    def parse(cls, values: dict[str, Any]) -> Any:
        """Build the options from plain values; raise one clear OptionError for the first mistake."""
        try:
            return cls.model_validate({field_of(cls, name): value for name, value in values.items()})
        except ValidationError as error:
            raise explain(cls, error) from None


def nearest(word: str, known: list[str], cutoff: float = 0.6) -> str | None:
    """Return the known word closest to `word`, or None when none is close."""
    import difflib

    found = difflib.get_close_matches(word.lower(), known, n=1, cutoff=cutoff)
    return found[0] if found else None


def flag(name: str) -> str:
    """Return an option's name as typed: `--text-column`; `from_`, which Python does not allow without its line, is `--from`."""
    return "--" + name.rstrip("_").replace("_", "-")


def field_of(cls: type[BaseModel], typed: str) -> str:
    """Return the field that a name as typed (`text-column`, `from`) stands for; the name itself when there is none."""
    name = typed.replace("-", "_")
    return name if name in cls.model_fields or name + "_" not in cls.model_fields else name + "_"


def unknown_option(cls: type[Options], name: str) -> OptionError:
    """Word the error for an option that does not exist, with the nearest one that does."""
    given = name.lstrip("-").replace("-", "_")
    guess = nearest(given, list(cls.model_fields))
    cure = f"Did you mean {flag(guess)}?" if guess else f"`%{cls.magic_name()}?` lists the options."
    return OptionError(f"{flag(given)} is not an option of {cls.verb}.", cure)


#: Mistakes for which pydantic's words are a programmer's.
_PLAIN = {
    "int_parsing": "it should be a whole number",
    "int_from_float": "it should be a whole number",
    "float_parsing": "it should be a number",
    "bool_parsing": "it should be true or false",
}


def explain(cls: type[Options], error: ValidationError) -> OptionError:
    """Turn pydantic's first complaint into one sentence that names the option as typed, the value and what is allowed."""
    first = error.errors(include_url=False)[0]
    name = str(first["loc"][0]) if first["loc"] else ""
    if first["type"] == "extra_forbidden":
        return unknown_option(cls, name)
    if first["type"] == "missing":
        return OptionError(
            f"{cls.verb} needs {name.replace('_', '-')}.", f"For example: {cls.example}" if cls.example else ""
        )
    field = cls.model_fields.get(name)
    wanted = first["msg"].replace("Input should be", "it should be").replace("Value error, ", "")
    wanted = _PLAIN.get(first["type"], wanted)
    if first["type"] == "literal_error":
        choices = str(first.get("ctx", {}).get("expected", ""))
        guess = nearest(str(first["input"]), [c.strip("' ") for c in choices.replace(" or ", ",").split(",")], 0.5)
        wanted = f"it should be one of {choices}" + (f"; did you mean {guess}?" if guess else "")
    help_text = f" ({field.description})" if field is not None and field.description else ""
    return OptionError(f"{flag(name)} {first['input']!r} is not possible: {wanted}{help_text}.".replace("..", "."))


class ReadsData(Options):
    """Base of the verbs that read data: how to read them."""

    encoding: str = option(
        "", "the files' encoding, such as gb18030; found out when not given", hint=Hint(group="advanced")
    )
    on_error: Literal["skip", "stop"] = option(
        "skip",
        "leave broken rows out and account for them, or stop at the first",
        hint=Hint(group="advanced", complete="choices"),
    )
    format: str = option(
        "", "the reader to use when a file's ending does not tell", hint=Hint(group="advanced", complete="formats")
    )
    columns: list[str] = option(
        [],
        "names of the columns of a file without header, in their order, such as token,pos,ner",
        hint=Hint(group="advanced"),
    )

    @classmethod
    def __pydantic_init_subclass__(cls, **kwargs: Any) -> None:
        """Put a verb's own options before those of reading, which few people need."""
        super().__pydantic_init_subclass__(**kwargs)
        fields = cls.__pydantic_fields__
        for name in ReadsData.__annotations__:
            fields[name] = fields.pop(name)

    @field_validator("columns", mode="before")
    @classmethod
    def _divided(cls, value: Any) -> Any:
        parts = [value] if isinstance(value, str) else value
        return (
            [name.strip() for part in parts for name in str(part).split(",")]
            if isinstance(parts, list | tuple)
            else value
        )

    @property
    def reading(self) -> dict[str, Any]:
        """What core.contracts.Reading takes."""
        return {
            "encoding": self.encoding,
            "on_error": self.on_error,
            "format": self.format,
            "columns": tuple(self.columns),
        }
