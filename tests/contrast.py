"""How readable the words of a figure are: contrast as WCAG 2.2 has it, on the white of the card."""

import matplotlib


def contrast(color) -> float:
    """On white; WCAG's formula by way of its own two ends."""
    *rgb, alpha = matplotlib.colors.to_rgba(color)
    mixed = [alpha * part + 1 - alpha for part in rgb]
    parts = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in mixed]
    return 1.05 / (0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2] + 0.05)


def pale(figure) -> set:
    """Words that are hard to read: the text, and its contrast."""
    found = set()
    for text in figure.findobj(matplotlib.text.Text):
        value = contrast(matplotlib.colors.to_rgba(text.get_color(), text.get_alpha()))
        if value < 4.5 and text.get_visible() and text.get_text().strip():
            found.add((text.get_text(), round(value, 1)))
    return found
