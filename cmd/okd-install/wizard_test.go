package main

import (
	"testing"

	"github.com/okd-project/okd-install/cmd/okd-install/internal/root"
	"github.com/okd-project/okd-install/pkg/wizard"
)

// Every question has a flag of create install-config.
func TestQuestionsHaveFlags(t *testing.T) {
	t.Parallel()
	create, _, err := root.NewCmd(testApp()).Find([]string{"create", "install-config"})
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range append(wizard.Flags(), wizard.Flag{Name: "release"}) {
		if create.Flags().Lookup(f.Name) == nil {
			t.Errorf("there is no flag --%s", f.Name)
		}
	}
}
