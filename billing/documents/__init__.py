"""Documents as PDF: pages, tables, and what is printed on them. Knows no Django and no row."""
