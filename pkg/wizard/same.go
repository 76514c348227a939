package wizard

import (
	"bytes"
	"context"
	"path/filepath"

	"github.com/okd-project/okd-install/pkg/asset"
	"github.com/okd-project/okd-install/pkg/diag"
	"github.com/okd-project/okd-install/pkg/installconfig"
)

// This file holds what answers mean where there is an install-config already.

// same makes the config again from the answers alone. If it says what the one says
// that is there, that one stays; other answers do not change it.
func (w *wizard) same(ctx context.Context) (asset.Files, error) {
	refusal := diag.Problem{
		Position: diag.Position{File: filepath.Join(w.Dir, installconfig.FileName)},
		Detail:   "there is an install-config already, which answers do not change",
		Hint:     "change that file; or use --overwrite, which moves it aside and makes another from the answers; or name another directory with --dir",
	}
	if err := w.settleAll(ctx, 0); err != nil {
		return nil, err
	}
	w.tellUnused()
	if len(w.problems) > 0 {
		return nil, refusal
	}
	text, schema, err := w.result()
	if err != nil || !w.saysTheSame(text, w.old) {
		return nil, refusal
	}
	return asset.Files{installconfig.FileName: w.old, schemaFile: schema}, nil
}

// saysTheSame compares two configs by what they say, in whatever spelling.
func (w *wizard) saysTheSame(a, b []byte) bool {
	if bytes.Equal(a, b) {
		return true
	}
	options, err := w.loadOptions(w.answers[releaseKey])
	if err != nil {
		return false
	}
	var canonical [2][]byte
	for i, text := range [][]byte{a, b} {
		loaded, err := installconfig.Load(installconfig.FileName, text, options)
		if err != nil {
			return false
		}
		if canonical[i], err = installconfig.Marshal(loaded.Config); err != nil {
			return false
		}
	}
	return bytes.Equal(canonical[0], canonical[1])
}
