"""What shoppers and cleaners do now and then, with its truth; how often is scaled by `Profile`.

Litter, foreign objects, goods across two plates and new sizes are left to `odd_acts`: what they
mean for payments is another question than how they weigh.
"""

from __future__ import annotations

from edge_agent.simulation.handiwork import dead_weights_g
from edge_agent.simulation.plot_parts import Basket, Plot
from edge_agent.simulation.profiles import Profile
from edge_agent.simulation.scene import Scene

REGRET_S = (0.5, 4.0)
CLEANING_S = (15.0, 90.0)


def odd_plots(effects: Profile) -> dict[str, Plot]:
    """The plots of these effects; none where they are absent."""
    plots = {
        "rest": Plot(rest, 6 * effects.rests, (1, 2), may_take_two=False),
        "regret": Plot(regret, 6 * effects.regrets, (1,), may_take_two=False),
        "cleaning": Plot(cleaning, 2 * effects.cleanings, (1, 2, 3), may_take_two=False),
    }
    return {name: plot for name, plot in plots.items() if plot.weight > 0}


def rest(scene: Scene, basket: Basket) -> None:
    """Rests a hand on the plate, takes meanwhile, then pays."""
    for sku, _ in basket:
        scene.rest(sku)
        scene.pause()
    scene.buy([sku for sku, _ in basket])


def regret(scene: Scene, basket: Basket) -> None:
    """Takes one and puts it back within seconds."""
    sku = basket[0][0]
    scene.take(sku)
    scene.wait(*REGRET_S)
    scene.put_back(sku, at_once=True)


def cleaning(scene: Scene, basket: Basket) -> None:
    """Lifts plates off with all that is on them, wipes, and sets them down again."""
    stock = scene.venue.stock
    dead_g = dead_weights_g(scene.venue.settings)
    for plate in sorted({stock.home[sku] for sku, _ in basket} & dead_g.keys()):
        whole_g = stock.level_g(plate) + dead_g[plate]
        scene.lift(plate, -whole_g)
        scene.wait(*CLEANING_S)
        scene.lift(plate, whole_g)
        scene.pause()
