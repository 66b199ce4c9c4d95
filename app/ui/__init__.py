"""Everything that a person sees: Qt widgets, which take values and ask for actions."""
