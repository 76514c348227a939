package iso

import (
	"slices"
	"strings"
	"testing"
)

func TestKargEdit(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		edit   KargEdit
		kargs  string
		want   string
		missed []string
	}{
		"nothing":         {KargEdit{}, "a b", "a b", nil},
		"append":          {KargEdit{Append: []string{"c", "d=1 e"}}, "a b", "a b c d=1 e", nil},
		"append to none":  {KargEdit{Append: []string{"c"}}, "", "c", nil},
		"delete":          {KargEdit{Delete: []string{"a"}}, "a b a c a", "b c", nil},
		"delete a run":    {KargEdit{Delete: []string{"a  b"}}, "a b a c a b", "a c", nil},
		"delete a part":   {KargEdit{Delete: []string{"foo"}}, "foobar foo=1", "foobar foo=1", []string{"foo"}},
		"delete all":      {KargEdit{Delete: []string{"a"}}, "a", "", nil},
		"replace":         {KargEdit{Replace: []string{"a=1=2"}}, "a=1 b a=1 a=11", "a=2 b a=2 a=11", nil},
		"replace missing": {KargEdit{Replace: []string{"a=1=2"}}, "b", "b", []string{"a=1"}},
		"order":           {KargEdit{Delete: []string{"a=1"}, Append: []string{"a=1"}, Replace: []string{"a=1=2"}}, "a=1 b", "b a=2", nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, missed, err := c.edit.Apply(c.kargs)
			if got != c.want || !slices.Equal(missed, c.missed) || err != nil {
				t.Errorf("got %q, missed %q, %v", got, missed, err)
			}
		})
	}
	_, _, err := KargEdit{
		Append: []string{" "}, Delete: []string{""}, Replace: []string{"a", "a=b", "a=b=c=d", "=b=c", "a==c", "a=b=", "a=b=c d"},
	}.Apply("a")
	if n := strings.Count(err.Error(), "KEY=OLD=NEW"); n != 7 ||
		!strings.Contains(err.Error(), "append: an empty") || !strings.Contains(err.Error(), "delete: an empty") {
		t.Errorf("not everything is complained about:\n%v", err)
	}
}
