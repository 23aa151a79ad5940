"""Brings the gateway of a stage to what this folder says: `python -m infra.deploy dev`."""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from secrets import token_hex
from typing import Protocol
from urllib.parse import urlsplit

from botocore.exceptions import BotoCoreError, ClientError

from infra import secret, smoke, stacks, stages, web_files
from infra.aws import Aws, code, told
from infra.command import parser as stage_parser
from infra.command import run
from infra.errors import InfraError, NeedsAttention, RolledBack
from infra.stacks import Applied, Stack, Template
from infra.stages import Stage
from infra.terminal import Progress, confirm

ROOT = Path(__file__).resolve().parent.parent
TEMPLATES = Path(__file__).resolve().parent / "templates"
SITES = ("checkout", "dashboard")
SECRET_OUTPUT = "GatewaySecretArn"  # noqa: S105 - the name of an output
TRIGGER = "AWS::Lambda::EventSourceMapping"
ENDPOINT_OUTPUT = "EndpointURL"
ANSWER_SHOWN_MAX = 2000
PENDING_SECONDS_MAX = 120.0

EPILOG = """\
What it does, in this order: the foundation (network, database, secrets), the secrets' values if they have none, the
bundle, the migrations, the application, a few calls to see that it answers, and the sites. Each stack is a change set;
one without changes is left alone, so that the command may be run again at any time, also after an interruption. When
the new application does not answer as it should, the one before is put back. The database stays migrated: every
migration leaves the application before it working.

exit codes:
  0  done, or there was nothing to change
  1  it did not work, and what served before still serves
  2  the command was not understood, or nobody agreed
  3  the new application did not answer as it should; the one before serves again
  4  somebody has to look: neither the new nor the old is known to serve
  130  interrupted; CloudFormation finishes what it began

AWS_PROFILE, AWS_ENDPOINT_URL and boto3's other variables count. --dry-run makes change sets, shows and drops them; it
uploads the bundle, since CloudFormation wants to see it, and runs nothing.
"""


class Built(Protocol):
    """What infra.build makes."""

    @property
    def bundle(self) -> Path: ...
    @property
    def template(self) -> Path: ...
    @property
    def migrate_template(self) -> Path: ...


Builder = Callable[[Stage, Path], Built]


@dataclass(frozen=True, kw_only=True)
class Options:
    dry_run: bool = False
    web: bool = True
    tried: bool = True
    smoke_url: str = ""
    smoke_seconds: float = smoke.HEALTHY_SECONDS_MAX


@dataclass(frozen=True, kw_only=True)
class Bundle:
    """What was built, and where its code lies. `known` are the values that templates ask for by a parameter's name."""

    bucket: str
    template: Path
    migrate_template: Path
    known: Mapping[str, str]


def deploy(aws: Aws, options: Options, progress: Progress, *, build: Builder) -> None:
    """Raises InfraError."""
    sites = _sites() if options.web else {}
    foundation = _foundation(aws, options, progress)
    if foundation is None:
        return
    if not options.dry_run:
        _secrets(aws, foundation, progress)
    with tempfile.TemporaryDirectory(prefix="gateway-") as folder:
        bundle = _bundle(aws, foundation, build, Path(folder) / "built", progress)
        _migrate(aws, bundle, options, progress)
        before = _before(aws)
        _assets(aws, sites, options, progress)
        applied = _application(aws, bundle, options, progress)
    if options.tried and not options.dry_run:
        _smoke(aws, bundle.bucket, before, applied, options, progress)
    if options.web:
        try:
            _web(aws, sites, foundation, applied.outputs, options, progress)
        except (InfraError, BotoCoreError, ClientError) as error:
            raise NeedsAttention(f"The application is deployed; its sites are not: {told(error)}") from error


# Steps


def _foundation(aws: Aws, options: Options, progress: Progress) -> Mapping[str, str] | None:
    """Its outputs; None where there is none yet and a dry run makes none."""
    stage = aws.stage
    name = stage.stack("foundation")
    with progress.step(f"Foundation: {name}"):
        applied = stacks.apply(
            aws.cloudformation,
            name,
            Template(body=(TEMPLATES / "foundation.yaml").read_text()),
            stage.foundation_parameters(),
            progress,
            dry_run=options.dry_run,
            protected=stage.deletion_protection,
        )
    if options.dry_run and not applied.outputs:
        progress.say("The rest stands on the foundation, which is not there yet: a dry run cannot look further.")
        return None
    return applied.outputs


def _secrets(aws: Aws, foundation: Mapping[str, str], progress: Progress) -> None:
    with progress.step("Secrets"):
        filled = secret.fill(aws.client("secretsmanager"), _output(foundation, SECRET_OUTPUT))
        progress.detail(f"made: {', '.join(filled)}" if filled else "all there")


def _bundle(aws: Aws, foundation: Mapping[str, str], build: Builder, folder: Path, progress: Progress) -> Bundle:
    with progress.step("Bundle"):
        built = build(aws.stage, folder)
        bucket = _output(foundation, "ArtifactsBucket")
        key = _put(aws, bucket, "bundles", ".zip", built.bundle)
        progress.detail(f"{key}, {built.bundle.stat().st_size:,} bytes")
    known = {**foundation, **aws.stage.application_parameters(), "BundleBucket": bucket, "BundleKey": key}
    return Bundle(bucket=bucket, template=built.template, migrate_template=built.migrate_template, known=known)


def _migrate(aws: Aws, bundle: Bundle, options: Options, progress: Progress) -> None:
    """Before the application, so that new code never meets an old database."""
    name = aws.stage.stack("migrate")
    with progress.step(f"Migrations: {name}"):
        applied = _apply(aws, name, bundle.migrate_template.read_text(), bundle, options, progress)
        if not options.dry_run:
            # Stopped half way, it goes on with the next deployment: what was done stays, half of a file does not.
            with progress.step("Migrations run", doing="the function that migrates goes on by itself, to its end"):
                progress.detail(_invoke(aws, applied.outputs.get("FunctionName", name)))


def _application(aws: Aws, bundle: Bundle, options: Options, progress: Progress) -> Applied:
    name = aws.stage.stack()
    with progress.step(f"Application: {name}"):
        return _apply(aws, name, bundle.template.read_text(), bundle, options, progress)


def _sites() -> dict[str, Path]:
    """The folder of each site. Raises InfraError where one was not built, before anything is deployed."""
    found = {site: web_files.folder_of(ROOT / site) for site in SITES}
    if missing := [site for site, folder in found.items() if folder is None]:
        raise InfraError(f"{missing[0]}/ was not built: `make deploy` does that first, and so does `make web`.")
    return {site: folder for site, folder in found.items() if folder is not None}


def _assets(aws: Aws, sites: Mapping[str, Path], options: Options, progress: Progress) -> None:
    """Before the application, whose new pages ask for them; nothing asks for them yet, so nothing can break."""
    there = stacks.find(aws.cloudformation, aws.stage.stack("web"))
    if there is None or options.dry_run:
        return  # a first deployment has no shoppers yet
    for site, folder in sites.items():
        if bucket := there.outputs.get(f"{site.capitalize()}Bucket"):
            put = web_files.upload(aws.s3, bucket, folder, only=web_files.never_changes)
            progress.detail(f"{site}: {len(put)} new assets")


def _web(
    aws: Aws,
    sites: Mapping[str, Path],
    foundation: Mapping[str, str],
    application: Mapping[str, str],
    options: Options,
    progress: Progress,
) -> None:
    stage = aws.stage
    template = TEMPLATES / "web.yaml"
    name = stage.stack("web")
    parameters = _web_parameters(stage, application) | {SECRET_OUTPUT: _output(foundation, SECRET_OUTPUT)}
    if "ApiDomain" not in parameters:
        progress.say("Sites: they need the API's address, which is not known before it is deployed.")
        return
    with progress.step(f"Sites: {name}"):
        applied = stacks.apply(
            aws.cloudformation,
            name,
            Template(body=template.read_text()),
            parameters,
            progress,
            dry_run=options.dry_run,
            protected=stage.deletion_protection,
        )
        for site, folder in sites.items():
            if not options.dry_run:
                _site(aws, site, folder, applied.outputs, progress)
    for site in SITES:
        if url := applied.outputs.get(f"{site.capitalize()}Url"):
            progress.detail(f"{site}: {url}")


def _site(aws: Aws, site: str, folder: Path, outputs: Mapping[str, str], progress: Progress) -> None:
    put = web_files.upload(aws.s3, _output(outputs, f"{site.capitalize()}Bucket"), folder)
    progress.detail(f"{site}: {len(put)} files are new" if put else f"{site}: nothing is new")
    if put:
        aws.client("cloudfront").create_invalidation(
            DistributionId=_output(outputs, f"{site.capitalize()}DistributionId"),
            InvalidationBatch={"Paths": {"Quantity": 1, "Items": ["/*"]}, "CallerReference": token_hex(16)},
        )


def _smoke(
    aws: Aws, bucket: str, before: Before | None, applied: Applied, options: Options, progress: Progress
) -> None:
    """Raises RolledBack, or NeedsAttention where there is nothing to go back to."""
    url = options.smoke_url or applied.outputs.get(ENDPOINT_OUTPUT, "")
    if not url:
        raise NeedsAttention(f"The application tells no {ENDPOINT_OUTPUT}: say --smoke-url, or --no-smoke.")
    with progress.step(f"Does it answer: {url}"):
        wrong = smoke.check(url, healthy_seconds_max=options.smoke_seconds) + _idle_jobs(aws)
        for sentence in wrong:
            progress.detail(sentence)
    if not wrong:
        return
    name = aws.stage.stack()
    if before is None:
        raise NeedsAttention(f"{name} does not answer as it should, and there is none before it to go back to.")
    if not applied.changed:
        raise NeedsAttention(f"{name} does not answer as it should, and this deployment did not change it.")
    with progress.step(f"Back to the application before: {name}"):
        _back(aws, bucket, before, progress)
        still = smoke.check(url, healthy_seconds_max=options.smoke_seconds)
    if still:
        raise NeedsAttention(f"{name} is the one before again, and does not answer as it should either: {still[0]}")
    raise RolledBack(
        f"The new application did not answer as it should; the one before serves again"
        f" (bundle {before.stack.parameters.get('BundleKey', 'unknown')}). The database stays migrated."
    )


# Parts of steps


def _idle_jobs(aws: Aws) -> list[str]:
    """What is wrong with the functions that work off queues: each is given a batch of nothing, which starts it."""
    name = aws.stage.stack()
    declared = json.loads(stacks.template_of(aws.cloudformation, name))["Resources"].values()
    wanted = [one["Properties"]["FunctionName"] for one in declared if one["Type"] == TRIGGER]
    called = {logical: physical for _, logical, physical in stacks.resources(aws.cloudformation, name)}
    wrong = []
    for function in sorted({called[reference["Ref"]] for reference in wanted}):
        answer = aws.functions.invoke(FunctionName=function, Payload=b'{"Records": []}')
        if answer.get("FunctionError"):
            payload = answer["Payload"].read().decode(errors="replace")
            wrong.append(f"{function} does not start: {_error_of(payload)}")
    return wrong


@dataclass(frozen=True, kw_only=True)
class Before:
    """The application that serves, as long as another has not taken its place."""

    stack: Stack
    template: str


def _before(aws: Aws) -> Before | None:
    stack = stacks.find(aws.cloudformation, aws.stage.stack())
    if stack is None or stack.status in stacks.NEVER_CAME_UP:
        return None
    return Before(stack=stack, template=stacks.template_of(aws.cloudformation, aws.stage.stack()))


def _back(aws: Aws, bucket: str, before: Before, progress: Progress) -> None:
    try:
        stacks.apply(
            aws.cloudformation,
            aws.stage.stack(),
            _uploaded(aws, bucket, before.template),
            before.stack.parameters,
            progress,
            protected=aws.stage.deletion_protection,
        )
    except (InfraError, BotoCoreError, ClientError) as error:
        raise NeedsAttention(f"The application before could not be put back: {told(error)}") from error


def _apply(aws: Aws, name: str, text: str, bundle: Bundle, options: Options, progress: Progress) -> Applied:
    wanted = json.loads(text).get("Parameters", {})
    return stacks.apply(
        aws.cloudformation,
        name,
        _uploaded(aws, bundle.bucket, text),
        {key: value for key, value in bundle.known.items() if key in wanted},
        progress,
        dry_run=options.dry_run,
        protected=aws.stage.deletion_protection,
    )


def _uploaded(aws: Aws, bucket: str, template: str) -> Template:
    """Too long for a request, a template is fetched by CloudFormation."""
    key = f"templates/{sha256(template.encode()).hexdigest()}.json"
    aws.s3.put_object(Bucket=bucket, Key=key, Body=template.encode(), ContentType="application/json")
    return Template(url=aws.object_url(bucket, key))


def _put(aws: Aws, bucket: str, folder: str, suffix: str, path: Path) -> str:
    """Under the hash of its contents: the same bundle is uploaded once, and none is ever put over another."""
    key = f"{folder}/{sha256(path.read_bytes()).hexdigest()}{suffix}"
    try:
        aws.s3.head_object(Bucket=bucket, Key=key)
    except ClientError as error:
        if code(error) not in ("404", "NoSuchKey", "NotFound", "403"):  # without a right to list, S3 says 403
            raise
        with path.open("rb") as file:
            aws.s3.put_object(Bucket=bucket, Key=key, Body=file, ContentType="application/zip")
    return key


def _invoke(aws: Aws, function: str) -> str:
    """What the function answered, shortened. Raises InfraError where it failed."""
    deadline = time.monotonic() + PENDING_SECONDS_MAX
    while True:
        try:
            answer = aws.functions.invoke(FunctionName=function, InvocationType="RequestResponse", Payload=b"{}")
            break
        except ClientError as error:
            # A new function is not ready at once; nothing of it has run.
            if code(error) != "ResourceConflictException" or time.monotonic() > deadline:
                raise
        time.sleep(stacks.POLL_SECONDS)
    payload = answer["Payload"].read().decode(errors="replace")[:ANSWER_SHOWN_MAX]
    if answer.get("FunctionError"):
        raise InfraError(f"The migrations failed, and the application was left alone: {_error_of(payload)}")
    return f"{function}: {payload}"


def _error_of(payload: str) -> str:
    try:
        error = json.loads(payload)
        return f"{error['errorType']}: {error['errorMessage']}"
    except (ValueError, KeyError, TypeError):
        return payload


def _web_parameters(stage: Stage, application: Mapping[str, str]) -> dict[str, str]:
    given = stage.web_parameters()
    if not given.get("ApiDomain"):
        given.pop("ApiDomain", None)
        if endpoint := application.get(ENDPOINT_OUTPUT):
            parts = urlsplit(endpoint)
            given |= {"ApiDomain": parts.netloc, "ApiBasePath": parts.path.rstrip("/")}
    return given


def _output(outputs: Mapping[str, str], name: str) -> str:
    if name not in outputs:
        raise InfraError(f"The stack has no output {name}: its template is not the one that this command knows.")
    return outputs[name]


# The command


def _parser() -> argparse.ArgumentParser:
    parser = stage_parser("deploy", __doc__, epilog=EPILOG)
    parser.add_argument("--yes", action="store_true", help="do not ask")
    parser.add_argument("--dry-run", action="store_true", help="show what would change")
    parser.add_argument("--no-web", action="store_true", help="leave the sites alone")
    parser.add_argument("--no-smoke", action="store_true", help="do not try whether it answers, nor go back if not")
    parser.add_argument("--smoke-url", default="", metavar="URL", help="where to try it, if not at its own address")
    parser.add_argument(
        "--smoke-seconds",
        type=float,
        default=smoke.HEALTHY_SECONDS_MAX,
        metavar="N",
        help="how long it may take to become healthy (%(default).0f)",
    )
    return parser


def main(words: Sequence[str] | None = None, *, build: Builder | None = None) -> int:
    asked = _parser().parse_args(words)

    def work(progress: Progress) -> None:
        stage = stages.load(asked.stage, file=asked.stages)
        aws = Aws(stage)
        progress.say(f"{stage.stack()} in {stage.region}, account {aws.account}")
        if not asked.yes and not asked.dry_run:
            confirm(
                f"Deploy {stage.stack()} to account {aws.account}?", answer=stage.name if stage.production else "yes"
            )
        options = Options(
            dry_run=asked.dry_run,
            web=not asked.no_web,
            tried=not asked.no_smoke,
            smoke_url=asked.smoke_url,
            smoke_seconds=asked.smoke_seconds,
        )
        deploy(aws, options, progress, build=build or _builder())
        if not asked.dry_run:
            _what_next(aws, progress)
        progress.say("Nothing was changed." if asked.dry_run else "Done.")

    return run(work)


def _what_next(aws: Aws, progress: Progress) -> None:
    outputs = {}
    for part in ("foundation", ""):
        stack = stacks.find(aws.cloudformation, aws.stage.stack(part))
        outputs |= stack.outputs if stack is not None else {}
    progress.say(f"The API: {outputs.get(ENDPOINT_OUTPUT, 'unknown').rstrip('/')}")
    progress.detail(f"its operator's secret: python -m infra.secret {aws.stage.name} OPERATOR_SECRET")
    progress.detail(f"how it is:             python -m infra.status {aws.stage.name}")


def _builder() -> Builder:
    from infra import build, inspection  # these load Chalice and the handlers, which nothing else here needs

    def made(stage: Stage, folder: Path) -> Built:
        try:
            built = build.build(stage, folder)
        except build.BuildError as error:
            raise InfraError(str(error)) from None
        if wrong := inspection.inspect(stage, built):
            raise InfraError("\n".join(["What was built is not fit to be deployed:", *wrong]))
        return built

    return made


if __name__ == "__main__":
    sys.exit(main())
