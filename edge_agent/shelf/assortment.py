"""What was sold when, and at what price: the catalogues and price changes that still matter."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace

from edge_agent.shelf.catalogue import Catalogue


@dataclass(frozen=True, slots=True)
class Edition:
    """A catalogue, valid from a time on until one with a higher version is."""

    valid_from: float
    catalogue: Catalogue


@dataclass(frozen=True, slots=True)
class PriceChange:
    """A price that holds from a time on, until the next one or the next edition."""

    valid_from: float
    sku: str
    price: int


@dataclass(slots=True)
class Assortment:
    """Editions by version, and prices set since, by time; in whatever order they became known."""

    editions: list[Edition] = field(default_factory=list)
    price_changes: list[PriceChange] = field(default_factory=list)

    def add(self, catalogue: Catalogue, valid_from: float) -> bool:
        """Take an edition in; False where its version is known."""
        if any(e.catalogue.version == catalogue.version for e in self.editions):
            return False
        self.editions.append(Edition(valid_from, catalogue))
        self.editions.sort(key=lambda e: e.catalogue.version)
        return True

    def substitute(self, catalogue: Catalogue) -> None:
        """Use other content for a version that is known: a technician has edited it."""
        self.editions = [
            replace(e, catalogue=catalogue) if e.catalogue.version == catalogue.version else e
            for e in self.editions
        ]

    def set_price(self, change: PriceChange) -> None:
        """Take a price in; the same one twice is one."""
        if change not in self.price_changes:
            self.price_changes.append(change)
            self.price_changes.sort(key=lambda c: (c.valid_from, c.sku, c.price))

    def at(self, time: float) -> Catalogue:
        """The catalogue as it was valid at a time, prices set until then included."""
        edition = self._edition(time)
        prices = {
            c.sku: c.price
            for c in self.price_changes
            if edition.valid_from < c.valid_from <= time and c.sku in edition.catalogue.products
        }
        if not prices:
            return edition.catalogue
        products = {
            sku: replace(product, price=prices[sku]) if sku in prices else product
            for sku, product in edition.catalogue.products.items()
        }
        return replace(edition.catalogue, products=products)

    def newest(self) -> Catalogue:
        """The catalogue with all that is known."""
        return self.at(math.inf)

    def forget(self, before: float) -> None:
        """Drop what held only until some time."""
        kept = self._edition(before)
        place = self.editions.index(kept)
        self.editions = self.editions[place:]
        later = [c for c in self.price_changes if c.valid_from > before]
        last = {c.sku: c for c in self.price_changes if kept.valid_from < c.valid_from <= before}
        self.price_changes = [*last.values(), *later]

    def _edition(self, time: float) -> Edition:
        """The highest version that was valid at a time; before all of them, the lowest."""
        valid = [e for e in self.editions if e.valid_from <= time]
        return valid[-1] if valid else self.editions[0]


def file_settings(assortment: Assortment, filed: Catalogue) -> None:
    """Use what the settings file says: all of it where the cloud has told no catalogue, else which
    plates there are. A price that the file has anew outdoes one that was set."""
    if not assortment.editions:
        assortment.add(filed, 0.0)
        return
    for edition in list(assortment.editions):
        known = edition.catalogue
        if known.version == 0:
            changed = {
                sku
                for sku, product in filed.products.items()
                if sku in known.products and known.products[sku].price != product.price
            }
            assortment.price_changes = [c for c in assortment.price_changes if c.sku not in changed]
            assortment.substitute(filed)
        else:
            assortment.substitute(on_these_plates(known, filed))


def on_these_plates(known: Catalogue, filed: Catalogue) -> Catalogue:
    """A catalogue with the plates of the settings file: a new one has the file's products."""
    plates = {p: known.plates.get(p, placed) for p, placed in filed.plates.items()}
    new = [placed for plate, placed in filed.plates.items() if plate not in known.plates]
    missing = {sku for placed in new for sku in placed} - known.products.keys()
    products = known.products | {s: filed.products[s] for s in missing if s in filed.products}
    return replace(known, products=products, plates=plates)
