package provider

import (
	"net/http"
	"strings"

	"aval/internal/credential"
)

// discoveryNames are what the description is called, by the specification and by
// its own examples.
var discoveryNames = []string{"onerosterv1p2rostersservice_openapi3_v1p0.json", "imsorv1p2_rostering_openapi3_v1p0.json"}

// discovery describes the door, as OpenAPI 3.0: where it is, who opens it, and its
// operations. It tells nothing of any board.
func (s *Server) discovery(w http.ResponseWriter, _ *http.Request) {
	scopes := map[string]string{}
	for _, sc := range credential.Scopes() {
		if sc.Version == credential.V1p2 {
			scopes[sc.String()] = string(sc.Right)
		}
	}
	paths := map[string]any{}
	for _, o := range operations() {
		paths["/"+o.path] = map[string]any{"get": operationDoc(o)}
	}
	writeJSON(w, http.StatusOK, map[string]any{
		"openapi": "3.0.1",
		"info":    map[string]any{"title": "OneRoster Rostering Service 1.2, read operations", "version": "1.2"},
		"servers": []any{map[string]any{"url": s.BaseURL + credential.V1p2.Path()}},
		"paths":   paths,
		"components": map[string]any{"securitySchemes": map[string]any{"OAuth2CC": map[string]any{"type": "oauth2",
			"flows": map[string]any{"clientCredentials": map[string]any{"tokenUrl": s.BaseURL + credential.TokenPath, "scopes": scopes}}}}},
	})
}

func operationDoc(o op) map[string]any {
	scopes := []any{}
	for _, r := range credential.Rights {
		if credential.Opens([]credential.Scope{{Version: credential.V1p2, Right: r}}, credential.V1p2, o.needs()) {
			scopes = append(scopes, map[string]any{"OAuth2CC": []string{credential.Scope{Version: credential.V1p2, Right: r}.String()}})
		}
	}
	var parameters []any
	add := func(where, name, kind string, required bool) {
		parameters = append(parameters, map[string]any{"name": name, "in": where, "required": required, "schema": map[string]string{"type": kind}})
	}
	for part := range strings.SplitSeq(o.path, "/") {
		if name, ok := strings.CutPrefix(part, "{"); ok {
			add("path", strings.TrimSuffix(name, "}"), "string", true)
		}
	}
	if !o.one {
		add("query", "limit", "integer", false)
		add("query", "offset", "integer", false)
		for _, name := range []string{"sort", "orderBy", "filter"} {
			add("query", name, "string", false)
		}
	}
	add("query", "fields", "string", false)
	return map[string]any{"operationId": operationID(o), "parameters": parameters, "security": scopes,
		"responses": map[string]any{"200": map[string]string{"description": "OK"}, "default": map[string]string{"description": "imsx_StatusInfo"}}}
}

// single is how the specification calls one object of a collection.
var single = map[string]string{"classes": "Class", "demographics": "Demographics"}

func singular(collection string) string {
	if word, ok := single[collection]; ok {
		return word
	}
	return capital(strings.TrimSuffix(collection, "s"))
}

func capital(word string) string { return strings.ToUpper(word[:1]) + word[1:] }

// operationID is the specification's name of an operation: of classes/{id}/students it is
// getStudentsForClass, of schools/{id}/classes/{class}/students getStudentsForClassInSchool.
func operationID(o op) string {
	parts := strings.Split(o.path, "/")
	switch last := parts[len(parts)-1]; {
	case o.one:
		return "get" + singular(parts[0])
	case len(parts) == 1:
		return "getAll" + capital(last)
	case len(parts) == 3:
		return "get" + capital(last) + "For" + singular(parts[0])
	default:
		return "get" + capital(last) + "For" + singular(parts[2]) + "In" + singular(parts[0])
	}
}
