"""Stacks for moto: resolved, ordered, compared, rolled back and reported as CloudFormation does it.

moto's own engine skips types that it does not know, compares templates before their parameters are filled in, shows no
outputs of a stack that a change set made, and leaves a failed stack half made. `install` puts this one in its place.
"""

from __future__ import annotations

import base64
import inspect
import json
import re
from collections.abc import Callable, Collection, Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from ipaddress import ip_network
from itertools import islice
from typing import Any

import yaml
from moto.cloudformation import parsing
from moto.cloudformation.exceptions import (
    AlreadyExistsException,
    UnformattedGetAttTemplateException,
    ValidationError,
)
from moto.cloudformation.models import Change, ChangeSet, CloudFormationBackend, Event, Stack
from moto.cloudformation.parsing import OutputMap, ResourceMap
from moto.cloudformation.responses import CloudFormationResponse
from moto.cloudformation.utils import generate_changeset_id, generate_stack_id
from moto.core.responses import ActionResult

Json = dict[str, Any]
Step = Callable[[Any, Json, str, str], None]  # of a resource: with its properties, the account and the region

REVIEWED = "REVIEW_IN_PROGRESS"
CANNOT_BE_UPDATED = (REVIEWED, "ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "DELETE_FAILED", "UPDATE_ROLLBACK_FAILED")
NO_CHANGES = "The submitted information didn't contain changes. Submit different information to create a change set."
NO_UPDATES = "No updates are to be performed."
LIST_TYPES = ("CommaDelimitedList", "List<", "AWS::SSM::Parameter::Value<List")
SUBSTITUTED = re.compile(r"\$\{(!?)([^}]+)\}")
FROM_OUTSIDE = "AWS::"  # what pseudo parameters begin with


@dataclass(frozen=True, kw_only=True)
class Live:
    """A resource of a stack that was made."""

    resource: Any
    type: str
    properties: Json  # with every reference filled in
    retained: bool


# Templates


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """Reads the short form of the functions (`!Ref`)."""


def _short_form(loader: Any, tag: str, node: yaml.Node) -> Json:
    if isinstance(node, yaml.SequenceNode):
        argument: Any = loader.construct_sequence(node, deep=True)
    elif isinstance(node, yaml.MappingNode):
        argument = loader.construct_mapping(node, deep=True)
    else:
        argument = node.value.split(".", 1) if tag == "GetAtt" else node.value
    return {tag if tag in ("Ref", "Condition") else f"Fn::{tag}": argument}


_Loader.add_multi_constructor("!", _short_form)
# A policy's `Version: 2012-10-17` is text to CloudFormation.
_Loader.add_constructor("tag:yaml.org,2002:timestamp", lambda _, node: node.value)


def parse(text: str) -> Json:
    """A template, JSON or YAML. Raises ValidationError."""
    try:
        template = json.loads(text) if text.lstrip().startswith("{") else yaml.load(text, Loader=_Loader)  # noqa: S506
    except (ValueError, yaml.YAMLError) as error:
        raise ValidationError(message=f"Template format error: {error}") from None
    if not isinstance(template, dict) or not template.get("Resources"):
        raise ValidationError(message="Template format error: At least one Resources member must be defined.")
    return template


def references(value: Any) -> Iterator[str]:
    """The names that a part of a template speaks of."""
    if isinstance(value, list):
        for item in value:
            yield from references(item)
    elif isinstance(value, dict):
        for key, argument in value.items():
            if key == "Ref" and isinstance(argument, str):
                yield argument
            elif key == "Fn::GetAtt":
                yield argument.split(".")[0] if isinstance(argument, str) else argument[0]
            elif key == "Fn::Sub":
                text = argument if isinstance(argument, str) else argument[0]
                yield from (name.split(".")[0] for literal, name in SUBSTITUTED.findall(text) if not literal)
                yield from references(argument)
            else:
                yield from references(argument)


def ordered(resources: Mapping[str, Json]) -> list[str]:
    """Each resource after what it needs. Raises ValidationError where that cannot be."""
    needs: dict[str, list[str]] = {}
    for name, declared in resources.items():
        after = declared.get("DependsOn", [])
        wanted = [*references(declared.get("Properties", {})), *([after] if isinstance(after, str) else after)]
        needs[name] = [one for one in wanted if one in resources]
    try:
        return list(TopologicalSorter(needs).static_order())
    except CycleError as error:
        circle = ", ".join(sorted(set(error.args[1])))
        raise ValidationError(message=f"Circular dependency between resources: [{circle}]") from None


# Functions of a template


def resolve(value: Any, scope: Any) -> Any:
    """`value` with its functions done. `scope` maps names to what they are: a ResourceMap, or the dict inside of it."""
    if isinstance(value, list):
        return [done for item in value if (done := resolve(item, scope)) is not None]
    if not isinstance(value, dict):
        return value
    if len(value) == 1:
        ((key, argument),) = value.items()
        if key in FUNCTIONS:
            return FUNCTIONS[key](argument, scope)
    return {key: done for key, item in value.items() if (done := resolve(item, scope)) is not None}


def _named(name: str, scope: Any) -> Any:
    known = scope._parsed_resources if isinstance(scope, ResourceMap) else scope
    if name not in known:
        raise ValidationError(message=f"Template format error: Unresolved resource dependencies [{name}]")
    return known[name]


def _ref(name: str, scope: Any) -> Any:
    found = _named(name, scope)
    return getattr(found, "physical_resource_id", found)


def _get_att(argument: str | list[Any], scope: Any) -> Any:
    name, _, attribute = ".".join([argument] if isinstance(argument, str) else argument).partition(".")
    resource = _named(name, scope)
    if isinstance(resource, str):  # a change set's view of what is not made yet
        return f"{resource}.{attribute}"
    # What moto's class does not know, whoever finished the resource may.
    told = getattr(resource, "told_attributes", {})
    try:
        return told[attribute] if attribute in told else resource.get_cfn_attribute(attribute)
    except (UnformattedGetAttTemplateException, NotImplementedError, AttributeError):
        raise ValidationError(
            message=f"Template error: resource {name} does not support attribute type {attribute} in Fn::GetAtt"
        ) from None


def _sub(argument: str | list[Any], scope: Any) -> str:
    text, own = (argument, {}) if isinstance(argument, str) else (argument[0], resolve(argument[1], scope))

    def fill(match: re.Match[str]) -> str:
        literal, name = match.groups()
        if literal:
            return f"${{{name}}}"
        if name in own:
            return str(own[name])
        return str(_get_att(name, scope) if "." in name else _ref(name, scope))

    return SUBSTITUTED.sub(fill, text)


def _if(argument: list[Any], scope: Any) -> Any:
    condition, then, otherwise = argument
    return resolve(then if scope.lazy_condition_map[condition] else otherwise, scope)


def _find_in_map(argument: list[Any], scope: Any) -> Any:
    name, *path = resolve(argument, scope)
    found = _named(name, scope)
    for key in path[:2]:
        found = found[str(key)]
    return found


def _select(argument: list[Any], scope: Any) -> Any:
    index, items = resolve(argument, scope)
    return items[int(index)]


def _join(argument: list[Any], scope: Any) -> str:
    separator, items = resolve(argument, scope)
    return str(separator).join(map(str, items))


def _split(argument: list[Any], scope: Any) -> list[str]:
    separator, text = resolve(argument, scope)
    return str(text).split(separator)


def _cidr(argument: list[Any], scope: Any) -> list[str]:
    block, count, *bits = resolve(argument, scope)
    if "/" not in str(block):  # a change set's view of a network that is not made yet
        block = "10.0.0.0/8"
    network = ip_network(block)
    prefix = network.max_prefixlen - int(bits[0] if bits else 8)
    return [str(one) for one in islice(network.subnets(new_prefix=prefix), int(count))]


def _get_azs(argument: Any, scope: Any) -> list[str]:
    region = resolve(argument, scope) or _named("AWS::Region", scope)
    return [f"{region}{letter}" for letter in "abc"]


def _import_value(argument: Any, scope: Any) -> Any:
    name = resolve(argument, scope)
    exports = scope.cross_stack_resources or {}
    if name not in exports:
        raise ValidationError(message=f"No export named {name} found.")
    return exports[name].value


FUNCTIONS: dict[str, Callable[[Any, Any], Any]] = {
    "Ref": _ref,
    "Fn::GetAtt": _get_att,
    "Fn::Sub": _sub,
    "Fn::If": _if,
    "Fn::FindInMap": _find_in_map,
    "Fn::Select": _select,
    "Fn::Join": _join,
    "Fn::Split": _split,
    "Fn::Cidr": _cidr,
    "Fn::GetAZs": _get_azs,
    "Fn::ImportValue": _import_value,
    "Fn::Base64": lambda argument, scope: base64.b64encode(str(resolve(argument, scope)).encode()).decode(),
    "Fn::ToJsonString": lambda argument, scope: json.dumps(resolve(argument, scope)),
}


# Stacks


@dataclass(frozen=True, kw_only=True)
class Types:
    """What may stand in a template: `model_of` gives a type's class, or None where there is none. By type: `finish`
    completes what moto's class made or changed; `remove` takes away what it cannot; `replaced` cannot change and are
    made anew; `kept` stay as they are."""

    model_of: Callable[[str], Any]
    finish: Mapping[str, Step]
    remove: Mapping[str, Step]
    replaced: Collection[str]
    kept: Collection[str]


class Engine:
    """What installs as moto's CloudFormation."""

    def __init__(self, types: Types) -> None:
        self._types = types
        self._model_of = types.model_of

    # What a template and its parameters say

    def check(self, template: Json, parameters: Mapping[str, str]) -> None:
        """Raises ValidationError as CreateChangeSet does."""
        types = {declared["Type"] for declared in template["Resources"].values()}
        unknown = sorted(one for one in types if self._model_of(one) is None)
        if unknown:
            raise ValidationError(message=f"Template format error: Unrecognized resource types: {unknown}")
        declared = template.get("Parameters", {})
        if foreign := sorted(set(parameters) - set(declared)):
            raise ValidationError(message=f"Parameters: {foreign} do not exist in the template")
        needed = [name for name, slot in declared.items() if "Default" not in slot and name not in parameters]
        if needed:
            raise ValidationError(message=f"Parameters: {sorted(needed)} must have values")
        for name, slot in declared.items():
            value = str(parameters.get(name, slot.get("Default")))
            if "AllowedValues" in slot and value not in map(str, slot["AllowedValues"]):
                raise ValidationError(message=f"Parameter '{name}' must be one of AllowedValues")
            if not re.fullmatch(slot.get("AllowedPattern", ".*"), value, re.DOTALL):
                raise ValidationError(
                    message=f"Parameter {name} failed to satisfy constraint: {slot['AllowedPattern']}"
                )
        ordered(template["Resources"])

    def scope(self, stack: Stack, template: Json, parameters: Mapping[str, str]) -> ResourceMap:
        """The names of a template, without its resources."""
        scope = ResourceMap(
            stack.stack_id,
            stack.name,
            dict(parameters),
            stack.tags,
            region_name=stack.region_name,
            account_id=stack.account_id,
            template=template,
            cross_stack_resources=stack.cross_stack_resources,
        )
        scope.load_mapping()
        scope.load_parameters()
        for name, slot in template.get("Parameters", {}).items():
            value = scope.resolved_parameters[name]
            if slot["Type"].startswith(LIST_TYPES) and isinstance(value, str):  # moto leaves a default in one piece
                scope.resolved_parameters[name] = value.split(",") if value else []
        scope._parsed_resources.update(scope.resolved_parameters)
        scope.load_conditions()
        return scope

    def wanted(self, scope: ResourceMap, template: Json) -> dict[str, Json]:
        """The resources whose conditions hold, in order."""
        resources = template["Resources"]
        return {
            name: resources[name]
            for name in ordered(resources)
            if "Condition" not in resources[name] or scope.lazy_condition_map[resources[name]["Condition"]]
        }

    def changes(self, stack: Stack, template: Json, parameters: Mapping[str, str]) -> list[Change]:
        live = live_of(stack)
        scope = self.scope(stack, template, parameters)
        wanted = self.wanted(scope, template)
        known = scope._parsed_resources
        known.update({name: one.resource for name, one in live.items()})
        found = []
        for name, declared in wanted.items():
            if name not in live:
                known[name] = f"<{name}>"
                found.append(Change("Add", name, declared["Type"]))
            elif resolve(declared.get("Properties", {}), scope) != live[name].properties:
                found.append(Change("Modify", name, declared["Type"]))
        found += [Change("Remove", name, one.type) for name, one in live.items() if name not in wanted]
        return found

    # What is done

    def apply(self, stack: Stack, text: str, parameters: Mapping[str, str]) -> None:
        """Makes, changes and removes resources until the stack is what the template says. Whatever moto raises on the
        way is raised, after an event that names the resource."""
        template = parse(text)
        self.check(template, parameters)
        live = live_of(stack)
        scope = self.scope(stack, template, parameters)
        wanted = self.wanted(scope, template)
        scope._parsed_resources.update({name: one.resource for name, one in live.items()})
        for name, declared in wanted.items():
            with _told(stack, name, declared["Type"], "UPDATE" if name in live else "CREATE") as tell:
                properties = resolve(declared.get("Properties", {}), scope)
                before = live.get(name)
                if before is not None and before.properties == properties and before.type == declared["Type"]:
                    tell.nothing = True
                    resource = before.resource
                elif before is None:
                    resource = self._make(stack, name, declared["Type"], properties)
                else:
                    resource = self._change(stack, name, before, declared["Type"], properties)
                tell.physical_id = str(getattr(resource, "physical_resource_id", name))
                live[name] = Live(
                    resource=resource,
                    type=declared["Type"],
                    properties=properties,
                    retained=declared.get("DeletionPolicy") in ("Retain", "RetainExceptOnCreate"),
                )
                scope._parsed_resources[name] = resource
        for name in [name for name in live if name not in wanted]:
            self._remove(stack, name)
        stack.template = text
        stack.template_dict = template
        stack.description = template.get("Description")
        stack.parameters = dict(parameters)
        stack.resource_map = scope
        stack.output_map = OutputMap(scope, template, stack.stack_id)
        for export in stack.exports:
            stack.cross_stack_resources[export.name] = export
        _ = stack.outputs  # fails here, not when somebody asks

    def empty(self, stack: Stack) -> None:
        """Removes every resource that is not retained, what needs others before these. Raises what moto raises."""
        live = live_of(stack)
        order = ordered(stack.template_dict["Resources"]) if stack.template_dict else []
        for name in sorted(live, key=lambda name: order.index(name) if name in order else -1, reverse=True):
            self._remove(stack, name)

    def _make(self, stack: Stack, name: str, kind: str, properties: Json) -> Any:
        model = self._model_of(kind)
        resource = model.create_from_cloudformation_json(
            self._physical_name(stack, name, kind, properties),
            {"Type": kind, "Properties": deepcopy(properties)},
            stack.account_id,
            stack.region_name,
            LogicalId=name,
            StackId=stack.stack_id,
            ResourceType=kind,
        )
        return self._finished(stack, name, kind, resource, properties)

    def _change(self, stack: Stack, name: str, before: Live, kind: str, properties: Json) -> Any:
        model = self._model_of(kind)
        if before.type != kind or kind in self._types.replaced or getattr(model, "replaced", False):
            self._take_away(stack, before)
            return self._make(stack, name, kind, properties)
        resource = before.resource
        can_change = not hasattr(model.update_from_cloudformation_json, "__isabstractmethod__")
        if can_change and kind not in self._types.kept:
            resource = model.update_from_cloudformation_json(
                original_resource=resource,
                new_resource_name=self._physical_name(stack, name, kind, properties),
                cloudformation_json={"Type": kind, "Properties": deepcopy(properties)},
                account_id=stack.account_id,
                region_name=stack.region_name,
            )
        return self._finished(stack, name, kind, resource, properties)

    def _finished(self, stack: Stack, name: str, kind: str, resource: Any, properties: Json) -> Any:
        if kind in self._types.finish:
            self._types.finish[kind](resource, properties, stack.account_id, stack.region_name)
        resource.cf_resource_type = kind
        resource.logical_resource_id = name
        if not hasattr(resource, "physical_resource_id"):
            resource.physical_resource_id = self._physical_name(stack, name, kind, properties)
        return resource

    def _physical_name(self, stack: Stack, name: str, kind: str, properties: Json) -> str:
        given = properties.get(self._model_of(kind).cloudformation_name_type() or "")
        return str(given or parsing.generate_resource_name(kind, stack.name, name))

    def _remove(self, stack: Stack, name: str) -> None:
        live = live_of(stack)
        one = live[name]
        with _told(stack, name, one.type, "DELETE") as tell:
            tell.physical_id = str(one.resource.physical_resource_id)
            tell.skipped = one.retained
            if not one.retained:
                self._take_away(stack, one)
        del live[name]

    def _take_away(self, stack: Stack, one: Live) -> None:
        delete = getattr(one.resource, "delete", None)
        model = self._model_of(one.type)
        if one.type in self._types.remove:
            self._types.remove[one.type](one.resource, one.properties, stack.account_id, stack.region_name)
        elif callable(delete) and len(inspect.signature(delete).parameters) == 2:
            delete(stack.account_id, stack.region_name)
        elif not hasattr(model.delete_from_cloudformation_json, "__isabstractmethod__"):
            model.delete_from_cloudformation_json(
                one.resource.physical_resource_id,
                {"Type": one.type, "Properties": deepcopy(one.properties)},
                stack.account_id,
                stack.region_name,
            )

    # In place of moto's

    def create_change_set(
        self,
        backend: CloudFormationBackend,
        stack_name: str,
        change_set_name: str,
        template: str,
        parameters: dict[str, str],
        description: str,
        change_set_type: str,
        notification_arns: list[str] | None = None,
        tags: dict[str, str] | None = None,
        role_arn: str | None = None,
    ) -> tuple[str, str]:
        parsed = parse(template)
        self.check(parsed, parameters)
        stack = next((one for one in backend.stacks.values() if one.name == stack_name), None)
        if change_set_type == "UPDATE":
            if stack is None:
                raise ValidationError(stack_name)
            if stack.status in CANNOT_BE_UPDATED:
                raise ValidationError(
                    message=f"Stack:{stack.stack_id} is in {stack.status} state and can not be updated."
                )
        elif stack is not None and stack.status != REVIEWED:
            raise AlreadyExistsException(f"Stack [{stack_name}] already exists and cannot be created again")
        elif stack is None:
            stack = Stack(  # type: ignore[abstract]
                stack_id=generate_stack_id(stack_name, backend.region_name, backend.account_id),
                name=stack_name,
                template={},
                parameters={},
                account_id=backend.account_id,
                region_name=backend.region_name,
                notification_arns=notification_arns,
                tags=tags,
                role_arn=role_arn,
                cross_stack_resources=backend.exports,
            )
            stack.cross_stack_resources = backend.exports  # moto takes an empty dict for none
            stack.status = REVIEWED
            stack._add_stack_event(REVIEWED, resource_status_reason="User Initiated")
            backend.stacks[stack.stack_id] = stack
        change_set = ChangeSet(
            change_set_type=change_set_type,
            change_set_id=generate_changeset_id(change_set_name, backend.region_name, backend.account_id),
            change_set_name=change_set_name,
            stack=stack,
            template=template,
            parameters=parameters,
            description=description,
            notification_arns=notification_arns,
            tags=tags,
            role_arn=role_arn,
        )
        change_set.changes = self.changes(stack, parsed, parameters)
        same = not change_set.changes and parsed.get("Outputs") == stack.template_dict.get("Outputs")
        change_set.status = "FAILED" if same else "CREATE_COMPLETE"
        change_set.execution_status = "UNAVAILABLE" if same else "AVAILABLE"
        change_set.status_reason = NO_CHANGES if same else None
        backend.change_sets[change_set.change_set_id] = change_set
        return change_set.change_set_id, stack.stack_id

    def execute_change_set(
        self, backend: CloudFormationBackend, change_set_name: str, stack_name: str | None = None
    ) -> None:
        change_set = backend.describe_change_set(change_set_name)
        if change_set is None or change_set.execution_status != "AVAILABLE":
            raise ValidationError(message=f"ChangeSet [{change_set_name}] cannot be executed.")
        stack = backend.stacks[change_set.stack_id]
        change_set.execution_status = "EXECUTE_COMPLETE"
        self._run(stack, change_set.change_set_type, change_set.template, change_set.parameters)

    def _run(self, stack: Stack, kind: str, text: str, parameters: Mapping[str, str]) -> None:
        """As AWS does it: whoever asked hears of a failure by the stack's status and events."""
        before = (stack.template, stack.parameters)
        _status(stack, f"{kind}_IN_PROGRESS", "User Initiated")
        try:
            self.apply(stack, text, parameters)
        except Exception as error:  # moto's classes raise anything
            reason = _reason(error)
            undone = "ROLLBACK" if kind == "CREATE" else "UPDATE_ROLLBACK"
            _status(stack, f"{undone}_IN_PROGRESS", reason)
            try:
                if kind == "CREATE":
                    stack.template_dict = parse(text)
                    self.empty(stack)
                else:
                    self.apply(stack, str(before[0]), before[1])
            except Exception as second:
                _status(stack, f"{undone}_FAILED", _reason(second))
            else:
                _status(stack, f"{undone}_COMPLETE")
        else:
            _status(stack, f"{kind}_COMPLETE")

    def delete_stack(self, backend: CloudFormationBackend, name_or_stack_id: str) -> None:
        stack = next(
            (one for one in backend.stacks.values() if name_or_stack_id in (one.name, one.stack_id)),
            None,
        )
        if stack is None:
            return
        if stack.enable_termination_protection:
            raise ValidationError(
                message=f"Stack [{stack.name}] cannot be deleted while TerminationProtection is enabled"
            )
        exports = [export.name for export in stack.exports]
        _status(stack, "DELETE_IN_PROGRESS", "User Initiated")
        try:
            self.empty(stack)
        except Exception as error:  # moto's classes raise anything
            _status(stack, "DELETE_FAILED", _reason(error))
            return
        _status(stack, "DELETE_COMPLETE")
        backend.deleted_stacks[stack.stack_id] = backend.stacks.pop(stack.stack_id)
        for name in exports:
            backend.exports.pop(name, None)

    def create_resources(self, stack: Stack) -> None:
        self.apply(stack, str(stack.template), stack.parameters)
        stack.mark_creation_complete()

    def update(
        self,
        stack: Stack,
        template: str,
        role_arn: str | None = None,
        parameters: dict[str, Any] | None = None,
        tags: dict[str, str] | None = None,
    ) -> None:
        chosen = stack.parameters if parameters is None else parameters
        if not self.changes(stack, parse(template), chosen):
            raise ValidationError(message=NO_UPDATES)
        self._run(stack, "UPDATE", template, chosen)


def live_of(stack: Stack) -> dict[str, Live]:
    """The stack's resources by their names in the template."""
    live: dict[str, Live] = stack.__dict__.setdefault("live", {})
    return live


@dataclass
class _Told:
    nothing: bool = False
    skipped: bool = False
    physical_id: str = ""


class _told:
    """Events around one step on a resource: that it began, and how it ended."""

    def __init__(self, stack: Stack, name: str, kind: str, step: str) -> None:
        self._stack, self._name, self._kind, self._step = stack, name, kind, step
        self._tell = _Told()

    def __enter__(self) -> _Told:
        return self._tell

    def __exit__(self, _: object, error: BaseException | None, __: object) -> None:
        if error is None and self._tell.nothing:
            return
        if self._tell.skipped:
            self._add("SKIPPED", None)
            return
        self._add("IN_PROGRESS", None)
        self._add("COMPLETE" if error is None else "FAILED", None if error is None else _reason(error))

    def _add(self, state: str, reason: str | None) -> None:
        self._stack.events.append(
            Event(
                stack_id=self._stack.stack_id,
                stack_name=self._stack.name,
                logical_resource_id=self._name,
                physical_resource_id=self._tell.physical_id,
                resource_type=self._kind,
                resource_status=f"{self._step}_{state}",
                resource_status_reason=reason,
                resource_properties=None,
            )
        )


def _status(stack: Stack, status: str, reason: str | None = None) -> None:
    stack.status = status
    stack._add_stack_event(status, resource_status_reason=reason)


def _reason(error: BaseException) -> str:
    said = getattr(error, "message", None) or getattr(error, "description", None) or str(error)
    return str(said) if isinstance(error, ValidationError) else f"{type(error).__name__}: {said}"


def install(types: Types) -> None:
    """Puts the engine in the place of moto's, in this process."""
    engine = Engine(types)
    parsing.clean_json = resolve  # type: ignore[assignment]
    Stack.parse_template = staticmethod(parse)  # type: ignore[assignment]
    Stack.stack_resources = property(  # type: ignore[assignment,method-assign]
        lambda stack: [one.resource for one in live_of(stack).values()]
    )
    for owner, name in (
        (Stack, "create_resources"),
        (Stack, "update"),
        (CloudFormationBackend, "create_change_set"),
        (CloudFormationBackend, "execute_change_set"),
        (CloudFormationBackend, "delete_stack"),
    ):
        setattr(owner, name, _method(getattr(engine, name)))
    ChangeSet._parse_template = lambda change_set: setattr(  # type: ignore[method-assign]
        change_set, "template_dict", parse(change_set.template)
    )
    ChangeSet.diff = lambda _: []  # type: ignore[method-assign,assignment]
    CloudFormationResponse.update_termination_protection = _protect  # type: ignore[attr-defined]
    # A change set without changes is made, and says so itself.
    CloudFormationResponse._validate_different_update = lambda *_: None  # type: ignore[method-assign,assignment]
    ResourceMap.validate_outputs = lambda _: None  # type: ignore[method-assign,assignment]


def _protect(response: CloudFormationResponse) -> ActionResult:
    stack = response.cloudformation_backend.get_stack(response._get_param("StackName"))
    stack.enable_termination_protection = response._get_bool_param("EnableTerminationProtection")
    return ActionResult({"StackId": stack.stack_id})


def _method(function: Callable[..., Any]) -> Callable[..., Any]:
    """A plain function, which a class binds to its objects."""

    def bound(subject: Any, *arguments: Any, **named: Any) -> Any:
        return function(subject, *arguments, **named)

    return bound
