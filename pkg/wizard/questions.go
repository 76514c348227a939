package wizard

import (
	"slices"
	"strings"
	"unicode"

	"github.com/okd-project/okd-install/pkg/asset"
	"github.com/okd-project/okd-install/pkg/diag"
	"github.com/okd-project/okd-install/pkg/installconfig"
	"github.com/okd-project/okd-install/pkg/installconfig/platform"
)

// question is one row of what the wizard asks.
type question struct {
	// key names the answer in a file of answers; flag and environment variable
	// have the same name in their own spelling.
	key string
	// label is the question on the terminal, usage that of the flag, and help
	// what is said to ?; without it, the explanation of the first field is.
	label, usage, help string
	// fields are those of the install-config that the answer decides.
	fields []string
	// optional tells that no answer is one.
	optional bool
	// asked reports whether the question makes sense after the answers so far; nil if always.
	asked func(*wizard) bool
	// preset is the answer of somebody who has none; nil or "" if there is none.
	preset func(*wizard) string
	// options are the answers to choose from on the terminal, other what is
	// asked after some of them.
	options func(*wizard) []option
	other   map[string]prompt
	// words are all answers that there are; nil if others than the options are good.
	words func() []string
	// read brings an answer into the form in which it is kept.
	read func(w *wizard, answer string) (string, error)
	// put writes the answer into the config.
	put func(w *wizard, d *installconfig.Draft, value string)
	// then says what follows from the answer, or changes answers by it.
	then func(*wizard)
	// takesFile tells that an answer can be the name of a file.
	takesFile bool
	// secret tells that an answer is not to be kept in a file; nil if none is.
	secret func(value string) bool
}

// flag spells a key as flags are: baseDomain becomes base-domain.
func (q question) flag() string {
	var b strings.Builder
	before := ' '
	for _, r := range q.key {
		if unicode.IsUpper(r) && !unicode.IsUpper(before) { // apiVIPs is api-vips
			b.WriteByte('-')
		}
		b.WriteRune(unicode.ToLower(r))
		before = r
	}
	return b.String()
}

// variable spells a key as environment variables are: OKD_INSTALL_BASE_DOMAIN.
func (q question) variable() string {
	return "OKD_INSTALL_" + strings.ToUpper(strings.ReplaceAll(q.flag(), "-", "_"))
}

// Flag is the flag of a question.
type Flag struct {
	// Key is that of Options.Given.
	Key, Name, Usage string
	// Words are all answers that there are; nil if others are good as well.
	Words []string
	// TakesFile tells that an answer can be the name of a file.
	TakesFile bool
}

// Flags are those of all questions, but for --release, which other commands have too.
func Flags() []Flag {
	var all []Flag
	for _, q := range questions() {
		if q.key == releaseKey {
			continue
		}
		f := Flag{Key: q.key, Name: q.flag(), Usage: q.usage, TakesFile: q.takesFile}
		if q.words != nil {
			f.Words = q.words()
		}
		all = append(all, f)
	}
	return all
}

func (q question) explanation() string {
	if q.help != "" {
		return q.help
	}
	for _, field := range q.fields {
		if e, err := installconfig.Explain(field); err == nil {
			return e.Text
		}
	}
	return ""
}

func (w *wizard) preset(q question) string {
	if q.preset == nil {
		return ""
	}
	return q.preset(w)
}

// Keys of the questions that others look at.
const (
	releaseKey          = "release"
	platformKey         = "platform"
	clusterNameKey      = "clusterName"
	baseDomainKey       = "baseDomain"
	machineNetKey       = "machineNetwork"
	clusterNetKey       = "clusterNetwork"
	controlPlaneKey     = "controlPlane"
	arbiterKey          = "arbiter"
	workersKey          = "workers"
	installationDiskKey = "installationDisk"
	sshKeyKey           = "sshKey"
	pullSecretKey       = "pullSecret"
	httpProxyKey        = "httpProxy"
	httpsProxyKey       = "httpsProxy"
	mirrorKey           = "mirror"
)

// questions lists what is asked, in order: first what decides about what is
// asked later, then what everybody has to decide, last what few need.
func questions() []question {
	return slices.Concat(clusterQuestions(), platformQuestions(), networkQuestions(), machineQuestions(), accessQuestions(),
		surroundingQuestions())
}

func clusterQuestions() []question {
	return []question{
		{
			key: platformKey, label: "Where will the cluster run", usage: "platform of the machines: " + strings.Join(platform.Names(), " or "),
			fields: []string{"platform"}, words: platform.Names,
			preset: func(*wizard) string { return platform.Names()[0] },
			options: func(*wizard) (all []option) {
				for _, s := range platform.Table {
					all = append(all, option{s.Name, s.Title + " (platform " + s.Name + ")"})
				}
				return all
			},
			help: platformHelp(),
			put:  func(_ *wizard, d *installconfig.Draft, value string) { d.Platform = value },
		},
		{
			key: releaseKey, label: "OKD release", usage: "OKD release",
			help:   "The release that is installed. The cluster can be updated later, one minor version at a time.",
			asked:  func(w *wizard) bool { return w.ReleaseImage == "" && w.Environment.ReleaseImage == "" },
			preset: func(*wizard) string { return releaseLines()[0] },
			options: func(*wizard) (all []option) {
				for i, line := range releaseLines() {
					title := line
					if r, err := asset.ChooseRelease(line, "", asset.Environment{}); err == nil {
						title += " (" + r.Version + map[bool]string{true: ", the default"}[i == 0] + ")"
					}
					all = append(all, option{line, title})
				}
				return append(all, option{"other", "another build, by its version"})
			},
			other: map[string]prompt{"other": {Label: "Version, such as 4.22.0-okd-scos.10"}},
			read: func(w *wizard, answer string) (string, error) {
				_, err := asset.ChooseRelease(answer, "", w.Environment)
				return answer, err
			},
		},
		{
			key: clusterNameKey, label: "Name of the cluster", usage: "name of the cluster, such as okd", fields: []string{"metadata.name"},
			put: func(_ *wizard, d *installconfig.Draft, value string) { d.ClusterName = value },
		},
		{
			key: baseDomainKey, label: "Base domain", usage: "domain that the cluster's names are below, such as example.com",
			fields: []string{"baseDomain"},
			put:    func(_ *wizard, d *installconfig.Draft, value string) { d.BaseDomain = value },
			then: func(w *wizard) {
				domain := w.answers[clusterNameKey] + "." + strings.TrimSuffix(w.answers[baseDomainKey], ".")
				w.say("The cluster will be reached as api." + domain + " and *.apps." + domain + ".")
			},
		},
	}
}

func platformHelp() string {
	var all []string
	for _, s := range platform.Table {
		all = append(all, s.Name+": "+s.Text)
	}
	return strings.Join(all, " ")
}

// releaseLines are the lines that can be chosen, the default first, then the newest.
func releaseLines() []string {
	var lines []string
	for _, name := range asset.ReleaseNames() {
		if strings.Count(name, ".") == 1 {
			lines = append(lines, name)
		}
	}
	if r, err := asset.ChooseRelease("", "", asset.Environment{}); err == nil {
		lines = slices.Insert(slices.DeleteFunc(lines, func(l string) bool { return l == r.Line }), 0, r.Line)
	}
	return lines
}

// platformQuestions are those fields of the platforms' blocks that are asked for. A field
// that several platforms have is one question.
func platformQuestions() []question {
	var all []question
	having := map[string][]string{}
	for _, spec := range platform.Table {
		for _, f := range spec.Fields {
			having[f.Path] = append(having[f.Path], spec.Name)
		}
	}
	for _, spec := range platform.Table {
		for _, f := range spec.Fields {
			if f.Ask == "" || strings.Contains(f.Path, ".") {
				continue
			}
			field := "platform." + spec.Name + "." + f.Path
			if i := slices.IndexFunc(all, func(q question) bool { return q.key == f.Path }); i >= 0 {
				all[i].fields = append(all[i].fields, field)
				continue
			}
			platforms := having[f.Path]
			q := question{
				key: f.Path, label: f.Ask, usage: strings.Join(platforms, ", ") + ": " + diag.FirstSentence(f.Text), optional: !f.Required,
				fields: []string{field},
				asked:  func(w *wizard) bool { return slices.Contains(platforms, w.answers[platformKey]) },
				put:    func(_ *wizard, d *installconfig.Draft, value string) { d.PlatformFields[f.Path] = value },
			}
			if len(f.Values) > 0 {
				q.options = func(*wizard) []option { return valueOptions(f) }
				q.words = func() []string { return optionValues(valueOptions(f)) }
				q.preset = func(*wizard) string { return valueOptions(f)[0].Value }
				q.read = func(_ *wizard, answer string) (string, error) { return strings.TrimPrefix(answer, noAnswer), nil }
			}
			all = append(all, q)
		}
	}
	return all
}

// valueOptions are a field's values, and none first if it may be absent.
func valueOptions(f platform.Field) []option {
	var all []option
	if !f.Required {
		all = append(all, option{noAnswer, "none: " + f.Absent})
	}
	for _, v := range f.Values {
		all = append(all, option{v.Word, v.Word + ": " + v.Text})
	}
	return all
}

func optionValues(options []option) []string {
	values := make([]string, len(options))
	for i, o := range options {
		values[i] = o.Value
	}
	return values
}

func surroundingQuestions() []question {
	proxied := func(w *wizard) bool { return w.answers[httpProxyKey] != "" || w.answers[httpsProxyKey] != "" }
	password := func(value string) bool { return strings.Contains(value, "@") }
	return []question{
		{
			key: httpProxyKey, label: "Proxy for http", usage: "URL of the proxy for http", fields: []string{"proxy.httpProxy"},
			optional: true, secret: password,
			help: "If the machines reach the internet only through a proxy, its URL, such as http://proxy.example.com:3128; otherwise none.",
			put:  func(_ *wizard, d *installconfig.Draft, value string) { d.HTTPProxy = value },
		},
		{
			key: httpsProxyKey, label: "Proxy for https", usage: "URL of the proxy for https (default: that for http)",
			fields: []string{"proxy.httpsProxy"}, optional: true, secret: password,
			asked:  func(w *wizard) bool { return w.answers[httpProxyKey] != "" || w.isGiven(httpsProxyKey) },
			preset: func(w *wizard) string { return w.answers[httpProxyKey] },
			put:    func(_ *wizard, d *installconfig.Draft, value string) { d.HTTPSProxy = value },
		},
		{
			key: "noProxy", label: "Reached without the proxy", usage: "hosts, domains and networks to reach without the proxy, separated by commas",
			fields: []string{"proxy.noProxy"}, optional: true, asked: proxied,
			put: func(_ *wizard, d *installconfig.Draft, value string) { d.NoProxy = value },
		},
		{
			key: mirrorKey, label: "Mirror of OKD's images",
			usage:  "repository that mirrors the images of the release, such as mirror.example.com:5000/okd",
			fields: []string{"imageDigestSources"}, optional: true, read: readList,
			help: "A repository of your own that holds the images of the release, such as mirror.example.com:5000/okd; otherwise none. Separate several by commas.",
			put:  func(_ *wizard, d *installconfig.Draft, value string) { d.Mirrors = listOf(value) },
		},
		{
			key: "trustBundle", label: "File with certificates to trust",
			usage:  "file with certificates of the authorities that the proxy or the mirror is signed by",
			fields: []string{"additionalTrustBundle"}, optional: true,
			asked:     func(w *wizard) bool { return proxied(w) || w.answers[mirrorKey] != "" || w.isGiven("trustBundle") },
			takesFile: true,
			help:      "A file in PEM with the authorities that sign for your proxy or your mirror, if these are not well-known ones; otherwise none.",
			read:      readPath,
			put: func(w *wizard, d *installconfig.Draft, value string) {
				if value != "" {
					d.TrustBundle = w.content(value)
				}
			},
		},
	}
}

func (w *wizard) isGiven(key string) bool {
	i := slices.IndexFunc(w.questions, func(q question) bool { return q.key == key })
	_, _, ok := w.given(w.questions[i])
	return ok
}
