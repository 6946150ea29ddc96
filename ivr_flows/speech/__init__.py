"""Makes prompts from text. A tool for whoever writes prompts; the daemon never imports it."""
