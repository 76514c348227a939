package cli

import (
	"time"

	"github.com/okd-project/okd-install/pkg/media"
	"github.com/okd-project/okd-install/pkg/media/payload"
)

// RegistryPatience is how long a release image is read at most.
const RegistryPatience = 5 * time.Minute

// Registry is a client of registries with the patience of this process.
func (a *App) Registry() payload.Client {
	return payload.Client{UserAgent: media.UserAgent, Pause: a.Patience("OKD_INSTALL_PAUSE"), Transport: a.Transport}
}

// Patience reads how long to wait from a variable of the environment; 0 is the usual
// time.
func (a *App) Patience(variable string) time.Duration {
	d, err := time.ParseDuration(a.Getenv(variable))
	if err != nil || d < 0 {
		return 0
	}
	return d
}
