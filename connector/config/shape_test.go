package config

// shapeSchema is one of the sections of any names that say what becomes of a row's fields.
func shapeSchema(f field) object {
	s := object{"type": "object", "propertyNames": object{"minLength": 1}}
	if f.kind == constants {
		s["additionalProperties"] = object{"type": []string{"string", "number", "boolean"}}
		return s
	}
	properties := properties(maskFields(&Mask{}, new(string)))
	s["additionalProperties"] = object{"anyOf": []any{object{"const": maskRedact}, variable, object{
		"type": "object", "properties": properties, "additionalProperties": false,
		"oneOf": []any{object{"required": []string{"hash", "key"}}, object{"required": []string{"truncate"}, "not": object{"required": []string{"key"}}}},
	}}}
	return s
}
