package installconfig
import ("testing";"os";"path/filepath";"strings";"encoding/json";"fmt")
func TestConf(t *testing.T){
 dirs,_:=filepath.Glob("/work/shared/conformance/cases/*")
 for _,d:=range dirs{ b:=filepath.Base(d)
  data,_:=os.ReadFile(d+"/install-config.yaml")
  l,err:=Load("install-config.yaml",data,Options{})
  if strings.HasPrefix(b,"reject-"){
   var x struct{Reject []string}
   j,_:=os.ReadFile(d+"/case.json"); json.Unmarshal(j,&x)
   if err==nil{t.Errorf("%s accepted",b);continue}
   for _,s:=range x.Reject{ if !strings.Contains(err.Error(),s){ t.Errorf("%s lacks %s",b,s)}}
   fmt.Println("==",b);fmt.Println(err)
   continue }
  fmt.Println("==",b,err,"W",l.Warnings.Error(),"N",l.Notes.Error())
  if err==nil && os.Getenv("V")!=""{m,_:=Marshal(l.Config);fmt.Println(string(m))}
 }
}
