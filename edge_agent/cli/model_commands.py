"""`edge-agent model train | export | check | install`: the detector's life."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from edge_agent.cli.console import note, print_json, print_table, say
from edge_agent.cli.options import AsJson, Config, State

if TYPE_CHECKING:
    from edge_agent.detector.manifest import Manifest

model = typer.Typer(
    help="The detector's life: train and export on a PC, check anywhere, install on the shelf.",
    epilog="Example: edge-agent model install snacks/",
    no_args_is_help=True,
)

Out = Annotated[Path, typer.Option("--out", metavar="FOLDER", help="Where to write.")]
Recordings = Annotated[
    list[Path] | None,
    typer.Option("--recording", metavar="DIR", help="A recording with truth.jsonl; repeatable."),
]
Plates = Annotated[
    Path,
    typer.Option(
        "--frames",
        metavar="FOLDER",
        help="Pictures of the empty shelf; cut to the plates that --config names.",
    ),
]
Taught = Annotated[
    Path | None,
    typer.Option(
        "--pictures",
        metavar="FOLDER",
        help="A folder of pictures for each SKU. Else what `products learn` keeps in --state.",
    ),
]
Count = Annotated[int, typer.Option("--count", min=20, help="How many pictures to put together.")]
Epochs = Annotated[int, typer.Option("--epochs", min=1, help="Rounds of training.")]
Size = Annotated[
    int, typer.Option("--size", min=64, max=1280, help="Side of the detector's square, pixels.")
]
Start = Annotated[
    Path | None,
    typer.Option("--start", metavar="FILE", help="Weights to go on from; else from nothing."),
]
Seed = Annotated[int, typer.Option("--seed", min=0, help="Another one, other pictures.")]


def register(app: typer.Typer) -> None:
    """Add these commands to the program."""
    model.command(
        epilog="Example: edge-agent model train --pictures taught --frames plates --out made"
    )(train)
    model.command(epilog="Example: edge-agent model export made --name snacks --out snacks")(export)
    model.command(epilog="Example: edge-agent model check snacks --frames labelled")(check)
    model.command(epilog="Example: edge-agent model install snacks")(install)
    app.add_typer(model, name="model")


def train(
    frames: Plates,
    out: Out,
    pictures: Taught = None,
    recordings: Recordings = None,
    count: Count = 400,
    epochs: Epochs = 10,
    size: Size = 320,
    start: Start = None,
    seed: Seed = 0,
    config: Config = None,
    state: State = None,
) -> None:
    """Train a detector on a PC, from taught pictures put into pictures of the shelf.

    Needs the extra `train` (ultralytics, AGPL-3.0), and minutes. Leaves weights.pt, the pictures
    and what they were made from in the folder; `model export` makes a model of it. With --recording
    units that real customers took or put back are learned from, too.
    """
    from edge_agent.training.courses import Plan, carry_out, taught_folder

    taught = pictures or taught_folder(state)
    plan = Plan(frames, out, taught, tuple(recordings or ()), count, epochs, size, start, seed)
    made = carry_out(plan, config, note)
    say(f"{made}: trained. Next: `edge-agent model export {out} --name NAME --out FOLDER`.")


def export(
    made: Annotated[Path, typer.Argument(metavar="FOLDER", help="What `model train` wrote.")],
    name: Annotated[str, typer.Option("--name", help="What the model is called.")],
    out: Out,
    formats: Annotated[
        list[str] | None,
        typer.Option("--format", help="onnx, ncnn or pytorch; repeatable. Else onnx and ncnn."),
    ] = None,
    frames: Annotated[
        Path | None,
        typer.Option(
            "--frames",
            metavar="FOLDER",
            help="Labelled pictures held back from training, to measure the model on.",
        ),
    ] = None,
    config: Config = None,
    state: State = None,
) -> None:
    """Export trained weights for the device: ONNX and NCNN, with manifest and card.

    What a score is worth as a likelihood is measured on --frames, else on composites that training
    did not see: give real pictures where you have them.
    """
    from edge_agent.training.courses import make_model

    manifest = make_model(made, out, name, tuple(formats or ("onnx", "ncnn")), frames)
    say(f"{out}: {_in_short(manifest)}. Next: `edge-agent model check {out}`.")


def check(
    name: Annotated[str, typer.Argument(metavar="MODEL", help="A model's name or folder.")],
    frames: Annotated[
        Path | None,
        typer.Option("--frames", metavar="FOLDER", help="Labelled pictures, in YOLO's form."),
    ] = None,
    recordings: Recordings = None,
    config: Config = None,
    state: State = None,
    as_json: AsJson = False,
) -> int:
    """Verify a model, and measure it.

    Its files; whether all runtimes installed here see the same and how fast they are; with --frames
    mAP on labelled pictures; with --recording whether its changes come out right.
    """
    from edge_agent.settings_file import find_state
    from edge_agent.training.checking import check_model, rows_of

    found = check_model(name, find_state(state), frames, tuple(recordings or ()))
    if as_json:
        print_json(found.as_json())
    else:
        print_table(("what", "found"), rows_of(found), "")
    return 0 if found.is_good else 1


def install(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="A model's folder.")],
    config: Config = None,
    state: State = None,
) -> None:
    """Install a model on the shelf, after verifying every file of it."""
    from edge_agent.detector.manifest import without_products
    from edge_agent.detector.places import install_model
    from edge_agent.detector.runtimes import usable_runtimes
    from edge_agent.errors import SettingsError
    from edge_agent.settings_file import find_settings, find_state, load_settings

    target, manifest = install_model(folder, find_state(state))
    say(f"{target}: {_in_short(manifest)}.")
    if not usable_runtimes(manifest):
        note("Nothing installed here runs it. Run `pip install 'edge-agent[detector]'`.")
    try:
        settings = load_settings(find_settings(config))
    except SettingsError:
        note("Without settings nobody can say which of the shelf's products it knows.")
    else:
        unknown = without_products(manifest, [product.sku for product in settings.product])
        if unknown:
            note(f"It does not know {len(unknown)} of the shelf's products: {', '.join(unknown)}.")
    say(f"Use it: `edge-agent config set vision.model {manifest.name}` and")
    say("`edge-agent config set vision.recogniser detector`.")


def _in_short(manifest: Manifest) -> str:
    files = ", ".join(file.name for file in manifest.files)
    return f"{manifest.name}, {len(manifest.classes)} products, {files}, {manifest.licence}"
