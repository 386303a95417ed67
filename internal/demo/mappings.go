package demo

import (
	"context"
	"strings"

	"aval/internal/mapping"
)

// mappings saves how the plain files of a school's own system are read: the next file
// with this header needs no more than to be sent.
func (t *teller) mappings(ctx context.Context) error {
	const pupils = "Fiche;Nom;Prénom;École;Niveau;Groupe;Titulaire\n" +
		"0000101;Boisclairin;Maëlle;901;3;03B;P0011\n"
	const staff = "Matricule;Nom;Prénom;École;Fonction\n" +
		"P0011;Rivemont;Jade;901;Enseignante\n"
	_, err := t.a.Mappings.Define(ctx, t.operator, mapping.Mapping{
		Name: "Système de gestion scolaire (CSV)",
		Body: mapping.Body{Covers: mapping.Schools, Digits: 7, Parts: map[mapping.Part]mapping.Form{
			mapping.Pupils: {Columns: map[mapping.Field]string{mapping.Number: "Fiche", mapping.Family: "Nom", mapping.Given: "Prénom",
				mapping.School: "École", mapping.Grade: "Niveau", mapping.Group: "Groupe", mapping.Teacher: "Titulaire"}},
			mapping.Staff: {Columns: map[mapping.Field]string{mapping.Number: "Matricule", mapping.Family: "Nom", mapping.Given: "Prénom",
				mapping.School: "École", mapping.Role: "Fonction"}},
		}},
	}, map[mapping.Part]mapping.Input{mapping.Pupils: plain(pupils), mapping.Staff: plain(staff)})
	return err
}

func plain(text string) mapping.Input {
	return mapping.Input{ReaderAt: strings.NewReader(text), Size: int64(len(text))}
}
