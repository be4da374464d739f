"""The cast: sellers, products and what they are like. Nothing here happens at a time except joining and listing.

What the stories change over time (how fast a seller answers, how good a category is) is a function of the instant in
`pipeline.sample.stories`; here stand the levels that they start from.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np

from pipeline.sample import names
from pipeline.sample.clock import (
    BULK_EXPORT,
    DAY,
    END,
    MONTH_STARTS,
    MONTHS,
    NEVER,
    START,
    Floats,
    Integers,
    Seconds,
    local_midnight,
    stream,
)

SELLERS = 240
PRODUCTS = 1500

CATEGORIES = tuple(names.NOUNS)
CATEGORY_SHARE = np.array([0.17, 0.15, 0.17, 0.13, 0.11, 0.10, 0.09, 0.08])
FALLING_CATEGORY = CATEGORIES.index("Home & Kitchen")

#: The seller who climbs and the big one that stops answering: neither deals in the falling category.
CLIMBER = 116
CLIMBER_NAME = "Baobab & Bee"
CLIMBER_CATEGORY = CATEGORIES.index("Beauty & Care")
CLIMBER_JOINED = date(2025, 3, 3)
SLUMPER = 7
SLUMPER_NAME = "Highveld Electronics Hub"
SLUMPER_CATEGORY = CATEGORIES.index("Electronics")

_MEDIAN_PRICE = np.array([420.0, 950.0, 480.0, 260.0, 310.0, 560.0, 640.0, 180.0])
COUNTRIES = ("ZA", "NA", "BW", "MZ", "KE", "DE", "PT", "FR")
_COUNTRY_SHARE = np.array([0.78, 0.05, 0.04, 0.04, 0.03, 0.02, 0.02, 0.02])


@dataclass(frozen=True)
class Sellers:
    """One value a seller in every array, by seller number."""

    joined: Seconds
    closed: Seconds
    suspended: Seconds
    name: list[str]
    country: Integers
    category: Integers
    size: Floats
    quality: Floats
    answering: Floats
    median_hours: Floats
    lateness: Floats


@dataclass(frozen=True)
class Products:
    """One value a product in every array, by product number. `monthly` is (MONTHS, PRODUCTS): cumulative popularity."""

    seller: Integers
    category: Integers
    name: list[str]
    price_cents: Integers
    quality: Floats
    created: Seconds
    ended: Seconds
    monthly: Floats


def make_sellers(seed: int) -> Sellers:
    """SELLERS of them, joined between 2022 and early 2026."""
    random = stream(seed, "sellers")
    joined = np.sort(random.integers(local_midnight(date(2022, 1, 10)), local_midnight(date(2026, 2, 20)), SELLERS))
    # Most were there before the first order, so that the market does not start empty.
    old = random.random(SELLERS) < 0.55
    joined = np.where(old, np.minimum(joined, START - 20 * DAY - random.integers(0, 700 * DAY, SELLERS)), joined)
    joined = np.maximum(joined, local_midnight(date(2022, 1, 3)))
    joined[CLIMBER] = local_midnight(CLIMBER_JOINED) + 10 * 3600
    joined[SLUMPER] = local_midnight(date(2022, 5, 16)) + 9 * 3600
    size = np.exp(random.standard_normal(SELLERS) * 0.85)
    size *= 1.0 / size.sum()
    size[SLUMPER] = 0.055
    size[CLIMBER] = 0.012
    category = random.choice(len(CATEGORIES), SELLERS, p=CATEGORY_SHARE)
    category[SLUMPER], category[CLIMBER] = SLUMPER_CATEGORY, CLIMBER_CATEGORY
    name = names.seller_names(random, SELLERS)
    name[SLUMPER], name[CLIMBER] = SLUMPER_NAME, CLIMBER_NAME
    closed = np.where(random.random(SELLERS) < 0.035, random.integers(START + 200 * DAY, END, SELLERS), NEVER)
    suspended = np.where(random.random(SELLERS) < 0.015, random.integers(START + 300 * DAY, END, SELLERS), NEVER)
    answering = np.clip(random.standard_normal(SELLERS) * 1.05, -2.4, 2.4)
    # Who answers most also answers soonest.
    median_hours = np.exp(random.standard_normal(SELLERS) * 0.35 - 0.36 * answering)
    quality = random.standard_normal(SELLERS) * 0.28
    for story in (SLUMPER, CLIMBER):
        closed[story] = suspended[story] = NEVER
        answering[story], median_hours[story], quality[story] = 0.6, 0.8, 0.1
    closed = np.where(closed > joined + 60 * DAY, closed, NEVER)
    return Sellers(
        joined=joined,
        closed=closed,
        suspended=suspended,
        name=name,
        country=random.choice(len(COUNTRIES), SELLERS, p=_COUNTRY_SHARE),
        category=category,
        size=size,
        quality=quality,
        answering=answering,
        median_hours=median_hours,
        lateness=random.standard_normal(SELLERS) * 0.25,
    )


def make_products(seed: int, sellers: Sellers) -> Products:
    """PRODUCTS of them; a seller's number of products grows with the seller, and most are of the seller's category."""
    random = stream(seed, "products")
    share = np.sqrt(sellers.size)
    seller = random.choice(SELLERS, PRODUCTS, p=share / share.sum())
    seller[:SELLERS] = np.arange(SELLERS)  # everybody sells something
    own = random.random(PRODUCTS) < 0.9
    stories = (seller == SLUMPER) | (seller == CLIMBER)
    other = random.choice(len(CATEGORIES), PRODUCTS, p=CATEGORY_SHARE)
    category = np.where(own | stories, sellers.category[seller], other)
    created = np.maximum(sellers.joined[seller] + random.integers(0, 20 * DAY, PRODUCTS), START - 400 * DAY)
    later = random.random(PRODUCTS) < 0.45
    later[:SELLERS] = False
    later &= ~stories
    created = np.where(later, created + (random.random(PRODUCTS) * (END - created)).astype(np.int64), created)
    ended = np.where(
        (random.random(PRODUCTS) < 0.08) & ~stories, created + random.integers(90 * DAY, 500 * DAY, PRODUCTS), NEVER
    )
    ended = np.where(ended < BULK_EXPORT, ended, NEVER)
    popularity = np.exp(random.standard_normal(PRODUCTS) * 0.8)
    in_shop = np.bincount(seller, popularity, SELLERS)
    weight = sellers.size[seller] * popularity / in_shop[seller]
    price = _MEDIAN_PRICE[category] * np.exp(random.standard_normal(PRODUCTS) * 0.55)
    return Products(
        seller=seller,
        category=category,
        name=names.product_names(random, category, CATEGORIES),
        # Prices end in 99 or 50, as they do.
        price_cents=np.maximum(np.round(price / 10) * 1000 - random.choice([1, 50, 100], PRODUCTS), 1999).astype(int),
        quality=random.standard_normal(PRODUCTS) * np.where(stories, 0.1, 0.3),
        created=created,
        ended=ended,
        monthly=_monthly_popularity(weight, seller, category, created, ended, sellers),
    )


def _monthly_popularity(
    weight: Floats, seller: Integers, category: Integers, created: Seconds, ended: Seconds, sellers: Sellers
) -> Floats:
    """(MONTHS, PRODUCTS): cumulative shares of what is bought in each month, of products on offer when it begins."""
    begins = MONTH_STARTS[:, None]
    gone = np.minimum(ended, np.minimum(sellers.closed, sellers.suspended)[seller])
    offered = (created <= begins) & (gone > begins + 31 * DAY)
    monthly = weight * offered
    toys, garden = CATEGORIES.index("Toys & Games"), CATEGORIES.index("Garden & Tools")
    for month in range(MONTHS):
        calendar_month = (month + 9) % 12 + 1
        monthly[month] *= np.where((category == toys) & (calendar_month in (11, 12)), 1.7, 1.0)
        monthly[month] *= np.where((category == garden) & (calendar_month in (9, 10, 11)), 1.3, 1.0)
    cumulative = np.cumsum(monthly, axis=1)
    return cumulative / cumulative[:, -1:]


def pick_products(random: np.random.Generator, products: Products, month: Integers) -> Integers:
    """A product for each given month, by what is popular and on offer in it."""
    # One sorted search for all months: month m's shares lie between m and m + 1.
    shifted = (products.monthly + np.arange(MONTHS)[:, None]).ravel()
    drawn = np.searchsorted(shifted, month + random.random(len(month)) * (1 - 1e-12), side="right")
    return drawn - month * PRODUCTS
