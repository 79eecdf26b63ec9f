"""The colours of every page and figure, light and dark, by what they mean.

Every pair of text and ground that the pages use has a contrast of at least 4.5 (WCAG AA) in both themes; a
test computes it. Figures are drawn in the light colours, and the style sheet swaps each for its dark one.
"""

LIGHT = {
    "paper": "#fbfaf7",
    "card": "#ffffff",
    "ink": "#1c2024",
    "muted": "#596067",
    "line": "#e3dfd6",
    "accent": "#0a6868",
    "band": "#d3e8e5",
    "certified": "#dcefeb",
    "thin": "#fcebc0",
    "wrong": "#f9dcd7",
    "stop": "#9c2b1e",
    "stop-ink": "#fffefe",
}

DARK = {
    "paper": "#14171a",
    "card": "#1b1f23",
    "ink": "#e8e6e1",
    "muted": "#a4abb2",
    "line": "#343a40",
    "accent": "#67c7be",
    "band": "#23443f",
    "certified": "#1b3a37",
    "thin": "#493a13",
    "wrong": "#522a25",
    "stop": "#f2a297",
    "stop-ink": "#25100c",
}
"""The same names in the dark theme."""
