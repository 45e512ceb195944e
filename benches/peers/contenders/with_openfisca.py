"""OpenFisca-core: persons are the population, a benefit year is the period, and the n-th stay of the year is a set of
variables of its own, as its formulas know vectors over persons and no order of events.

Its variables of whole numbers have 32 bits, enough for fen; formulas compute in 64, as its floats would not be exact."""

import os
import sys

os.environ["NUMEXPR_MAX_THREADS"] = os.environ["NUMEXPR_NUM_THREADS"] = sys.argv[sys.argv.index("--threads") + 1]

import numpy as np
import pandas as pd
from openfisca_core.entities import build_entity
from openfisca_core.parameters import ParameterNode
from openfisca_core.periods import DateUnit
from openfisca_core.simulations import SimulationBuilder
from openfisca_core.taxbenefitsystems import TaxBenefitSystem
from openfisca_core.variables import Variable

from with_pandas import in_order, run
from work import BANDS, CEILING, COLUMNS, DEDUCTIBLES

START = "2000-01-01"
PERSON = build_entity(key="person", plural="persons", label="An insured person", is_person=True)


def parameters():
    """The scheme's figures as OpenFisca keeps them, in fen and as rates."""

    def dated(value):
        return {"values": {START: {"value": value}}}

    brackets = [
        {"threshold": {START: {"value": from_amount}}, "rate": {START: {"value": rate / 100}}} for from_amount, rate in BANDS
    ]
    deductible = {f"stay_{nth}": dated(amount) for nth, amount in enumerate(DEDUCTIBLES, 1)}
    return ParameterNode(
        "scheme", data={"deductible": deductible, "bands": {"brackets": brackets}, "ceiling": dated(CEILING)}
    )


def marginal(bands, amount):
    """Hundredths of fen paid of an amount from 0 on; the scale's own `calc` is in floats."""
    rates = np.rint(np.array(bands.rates) * 100).astype(np.int64)
    steps = zip(bands.thresholds, np.diff(rates, prepend=0))
    return sum(step * np.maximum(amount - int(from_amount), 0) for from_amount, step in steps)


def variable(name, formula=None):
    """A sum of money of a person and year."""
    about = {"value_type": int, "entity": PERSON, "definition_period": DateUnit.YEAR, "label": name}
    if formula:
        about["formula"] = formula
    return type(name, (Variable,), about)


def stay(nth):
    """The variables of the n-th stay of a year."""

    def of(person, period, name, which=nth):
        return person(f"{name}_{which}", period).astype(np.int64)

    def deductible(person, period, parameters):
        amount = parameters(period).deductible[f"stay_{min(nth, len(DEDUCTIBLES))}"]
        return np.minimum(amount, of(person, period, "in_scope"))

    def above(person, period):
        return of(person, period, "in_scope") - of(person, period, "deductible")

    def above_before(person, period):
        return of(person, period, "above_before", nth - 1) + of(person, period, "above", nth - 1)

    def fund(person, period, parameters):
        figures = parameters(period)
        before = of(person, period, "above_before")
        hundredths = marginal(figures.bands, before + of(person, period, "above")) - marginal(figures.bands, before)
        return np.minimum((hundredths + 50) // 100, figures.ceiling - of(person, period, "fund_before"))

    def fund_before(person, period):
        return of(person, period, "fund_before", nth - 1) + of(person, period, "fund", nth - 1)

    def person_part(person, period):
        return of(person, period, "total") - of(person, period, "fund")

    # Before the first stay there is nothing: a variable without a formula is 0.
    yield variable(f"above_before_{nth}", above_before if nth > 1 else None)
    yield variable(f"fund_before_{nth}", fund_before if nth > 1 else None)
    yield variable(f"total_{nth}")
    yield variable(f"in_scope_{nth}")
    for formula in [deductible, above, fund, person_part]:
        yield variable(f"{formula.__name__}_{nth}", formula)


def system(most):
    made = TaxBenefitSystem([PERSON])
    made.parameters = parameters()
    for nth in range(1, most + 1):
        for one in stay(nth):
            made.add_variable(one)
    return made


def numbered(path):
    """Stays by their number in the person's year."""
    stays = in_order(path)
    stays["person"] = (stays["psn_no"] != stays["psn_no"].shift()).cumsum() - 1
    stays["nth"] = stays.groupby(["person", "year"], sort=False).cumcount() + 1
    return stays


def adjudicated(path):
    stays = numbered(path)
    persons = int(stays["person"].max()) + 1
    simulation = SimulationBuilder().build_default_simulation(system(int(stays["nth"].max())), count=persons)
    groups = stays.sort_values(["year", "nth"], kind="stable").groupby(["year", "nth"], sort=False)
    parts = []
    for (year, nth), part in groups:
        at, period = part["person"].to_numpy(), str(year)
        for name in ["total", "in_scope"]:
            values = np.zeros(persons, dtype=np.int32)
            values[at] = part[name].to_numpy()
            simulation.set_input(f"{name}_{nth}", period, values)
        found = {"setl_id": part["setl_id"]}
        for name, ours in zip(["deductible", "above", "fund", "person_part"], COLUMNS[1:]):
            found[ours] = simulation.calculate(f"{name}_{nth}", period)[at]
        parts.append(pd.DataFrame(found))
    return pd.concat(parts, ignore_index=True)


if __name__ == "__main__":
    run(adjudicated)
