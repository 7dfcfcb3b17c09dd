"""Rule packs: YAML files of rules, checked as they are read."""
