"""What sellers and products are called. Plain word lists and how they are put together; no more."""

from __future__ import annotations

import numpy as np

from pipeline.sample.clock import Integers

_PLACES = (
    "Karoo", "Jacaranda", "Protea", "Umhlanga", "Drakensberg", "Cederberg", "Limpopo", "Knysna", "Tugela", "Kalahari",
    "Winelands", "Soweto", "Bo-Kaap", "Ubuntu", "Sani Pass", "Marula", "Fynbos", "Ndlovu", "Khumalo", "Naidoo",
    "Van Wyk", "Botha", "Mokoena", "Dlamini", "Table Bay", "Golden Gate", "Okavango", "Maputo", "Windhoek", "Gaborone",
    "Stellenbosch", "Wild Coast",
)  # fmt: skip
_TRADES = (
    "Trading", "& Daughters", "Workshop", "Online", "Supply Co.", "Outfitters", "Collective", "Studio", "Direct",
    "Warehouse", "Makers", "Market", "Goods", "Imports", "Brothers", "Store",
)  # fmt: skip

NOUNS = {
    "Home & Kitchen": (
        "Kettle", "Casserole", "Glass Carafe", "Mug Set", "Table Lamp", "Bread Bin", "Salad Bowl", "Vase",
        "Serving Board", "Spice Rack", "Storage Jars", "Teapot", "Wall Clock", "Cushion", "Mirror", "Dinner Plates",
    ),
    "Electronics": (
        "Bluetooth Speaker", "Power Bank", "Headphones", "Phone Charger", "LED Torch", "Webcam", "Keyboard", "Mouse",
        "Smart Plug", "Fitness Watch", "Reading Light", "Doorbell", "Radio", "Solar Panel", "Earbuds", "USB Hub",
    ),
    "Fashion": (
        "Linen Shirt", "Denim Jacket", "Wrap Dress", "Leather Belt", "Wool Jersey", "Sun Hat", "Canvas Sneakers",
        "Shweshwe Skirt", "Rain Coat", "Silk Scarf", "Chino Trousers", "Sandals", "Tote Bag", "Beanie", "Socks", "Vest",
    ),
    "Beauty & Care": (
        "Face Cream", "Hand Soap", "Hair Oil", "Body Butter", "Lip Balm", "Beard Kit", "Bath Salts", "Shampoo Bar",
        "Sun Lotion", "Nail Set", "Make-up Brushes", "Rooibos Mask", "Foot Balm", "Perfume", "Hair Dryer", "Shaver",
    ),
    "Toys & Games": (
        "Building Blocks", "Puzzle", "Board Game", "Soft Elephant", "Wooden Train", "Doll House", "Card Game", "Kite",
        "Robot Kit", "Play Dough", "Remote Car", "Paint Set", "Ball Pool", "Drum", "Chess Set", "Story Cubes",
    ),
    "Sports & Outdoors": (
        "Yoga Mat", "Hiking Pack", "Water Bottle", "Camping Chair", "Trail Shoes", "Tent", "Cooler Box", "Braai Grid",
        "Cycling Gloves", "Rugby Ball", "Swim Goggles", "Sleeping Bag", "Headlamp", "Skipping Rope", "Dumbbells", "Cap",
    ),
    "Garden & Tools": (
        "Pruning Shears", "Hose Reel", "Plant Pot", "Cordless Drill", "Tool Box", "Bird Feeder", "Garden Fork",
        "Screwdriver Set", "Solar Lamp", "Work Gloves", "Watering Can", "Hammock", "Spirit Level", "Ladder", "Saw",
        "Seed Kit",
    ),
    "Books & Stationery": (
        "Notebook", "Fountain Pen", "Cookbook", "Year Planner", "Pencil Set", "Bird Guide", "Sketch Pad", "Desk Tidy",
        "Atlas", "Children's Book", "Letter Set", "Photo Album", "Calendar", "Highlighters", "Crime Novel", "Folder",
    ),
}  # fmt: skip
_QUALITIES = (
    "Classic", "Everyday", "Large", "Compact", "Blue", "Olive", "Natural", "Family", "Travel", "Deluxe", "Handmade",
    "Ochre", "Light", "Duo", "Premium", "Mini", "Coastal", "Savanna", "Night Sky", "Recycled", "Slim", "Heritage",
    "Midnight", "Original", "Sunset", "Bold",
)  # fmt: skip


def seller_names(random: np.random.Generator, count: int) -> list[str]:
    """That many different names of at most 40 characters."""
    every = [f"{place} {trade}" for place in _PLACES for trade in _TRADES]
    return [every[i] for i in random.permutation(len(every))[:count]]


def product_names(random: np.random.Generator, category: Integers, categories: tuple[str, ...]) -> list[str]:
    """A name for each product, different within its category."""
    named = np.empty(len(category), dtype=object)
    for number, title in enumerate(categories):
        every = [f"{quality} {noun}" for quality in _QUALITIES for noun in NOUNS[title]]
        members = np.flatnonzero(category == number)
        chosen = random.permutation(len(every))[: len(members)]
        named[members] = [every[i] for i in chosen]
    return list(named)
