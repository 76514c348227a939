package main

import (
	"time"

	"github.com/okd-project/okd-install/pkg/media"
	"github.com/okd-project/okd-install/pkg/media/payload"
)

// registryPatience is how long a release image is read at most.
const registryPatience = 5 * time.Minute

// registry is a client of registries with the patience of this process.
func (a *app) registry() payload.Client {
	return payload.Client{UserAgent: media.UserAgent, Pause: a.patience("OKD_INSTALL_PAUSE"), Transport: a.transport}
}

// patience reads how long to wait from a variable of the environment; 0 is the usual
// time.
func (a *app) patience(variable string) time.Duration {
	d, err := time.ParseDuration(a.getenv(variable))
	if err != nil || d < 0 {
		return 0
	}
	return d
}
