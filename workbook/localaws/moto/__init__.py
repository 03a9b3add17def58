"""The only place that knows moto: its worker thread, and what we put in the place of its parts."""
