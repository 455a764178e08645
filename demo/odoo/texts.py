"""The words of the demo: subjects, second languages, and text that breaks careless pipelines. Data only."""

from __future__ import annotations

# What a pipeline must carry unharmed: delimiters, escapes, a literal \N, other directions, joined signs, length.
ODD_TEXTS: tuple[str, ...] = (
    "Two lines\nand a third\r\nwith a carriage return",
    "Tab\there, backslash \\ there, and \\t that is no tab",
    "\\N",
    "\\.",
    "Marks \u200fright to left\u200e and \u202ereversed\u202c",
    "Emoji 🧭🪵 family 👩‍👩‍👧 and e\u0301 in two parts",
    "  spaces around it  ",
    "NULL",
    "Quotes \" and ' and ; and , and ${jinja} {{ braces }}",
    "Line separator\u2028paragraph\u2029no-break\u00a0space",
    "Ελληνικά, हिन्दी, русский, 日本語, عربى",
    "<script>alert('a name')</script>",
    "Very long: " + "0123456789" * 2_000,
)

SUBJECTS: tuple[str, ...] = (
    "Invoice cannot be validated",
    "Delivery order stuck in waiting",
    "Price list not applied on quotation",
    "User cannot log in",
    "Report prints an empty page",
    "Stock level differs from count",
    "Bank statement line not matched",
    "Mail from customer did not arrive",
    "Scheduled job stopped",
    "Wrong tax on purchase order",
    "Barcode scanner not recognised",
    "Export takes too long",
    "Duplicate customer after import",
    "Timesheet of last week is locked",
    "Access error when opening a project",
    "Portal customer sees no documents",
    "Lot number missing on delivery slip",
    "Payment reminder sent twice",
    "Dashboard shows yesterday's figures",
    "Label printer prints rotated",
)

# English name → the client's second language. Names without an entry stay untranslated, as in real databases.
WORDS: dict[str, dict[str, str]] = {
    "el_GR": {
        "New": "Νέο",
        "In Progress": "Σε εξέλιξη",
        "Awaiting": "Σε αναμονή",
        "Done": "Ολοκληρωμένο",
        "Cancelled": "Ακυρωμένο",
        "User": "Χρήστης",
        "Administrator": "Διαχειριστής",
        "Support": "Υποστήριξη",
        "Sales": "Πωλήσεις",
        "Base": "Βάση",
    },
    "sv_SE": {
        "New": "Ny",
        "In Progress": "Pågår",
        "Awaiting": "Väntar",
        "Done": "Klar",
        "Cancelled": "Avbruten",
        "User": "Användare",
        "Administrator": "Administratör",
        "Support": "Support",
        "Sales": "Försäljning",
        "Base": "Bas",
    },
    "es_AR": {
        "New": "Nuevo",
        "In Progress": "En progreso",
        "Awaiting": "En espera",
        "Done": "Hecho",
        "Cancelled": "Cancelado",
        "User": "Usuario",
        "Administrator": "Administrador",
        "Support": "Soporte",
        "Sales": "Ventas",
        "Base": "Base",
    },
    "hi_IN": {
        "New": "नया",
        "In Progress": "प्रगति पर",
        "Awaiting": "प्रतीक्षा में",
        "Done": "पूर्ण",
        "Cancelled": "रद्द",
        "User": "उपयोगकर्ता",
        "Administrator": "प्रशासक",
        "Support": "सहायता",
        "Sales": "बिक्री",
        "Base": "आधार",
    },
}
LANGUAGES = {"aegean": "el_GR", "boreal": "sv_SE", "cordoba": "es_AR", "delta": "hi_IN"}
