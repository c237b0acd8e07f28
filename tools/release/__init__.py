"""Makes and signs the one file that updates a charger over the air."""
