package demo

import "strings"

// Names of the demo's people, combined at random; any likeness is chance.
var (
	givenNames = []string{
		"Aaron", "Abena", "Agnes", "Aiko", "Alba", "Amir", "Anders", "Anjali", "Anton", "Arjun", "Astrid", "Beatriz",
		"Bruno", "Camila", "Carla", "Chen", "Clara", "Conor", "Daniel", "Deepa", "Diego", "Dora", "Eamon", "Edith",
		"Elena", "Emil", "Erik", "Esther", "Fatima", "Felix", "Fiona", "Franz", "Gita", "Grace", "Greta", "Hana",
		"Harold", "Helena", "Hugo", "Ida", "Ines", "Irene", "Isaac", "Ivy", "Jakob", "Jana", "Javier", "Jonas",
		"Jörg", "Julia", "Kavya", "Keiko", "Kofi", "Lars", "Laura", "Leo", "Lin", "Lucía", "Magnus", "Malik",
		"Marta", "Mei", "Milan", "Mónica", "Nadia", "Naveen", "Nina", "Noah", "Nora", "Olga", "Omar", "Oskar",
		"Paula", "Pedro", "Petra", "Priya", "Quentin", "Rafael", "Rahul", "Renate", "Rosa", "Ruth", "Samir", "Sanna",
		"Sean", "Simone", "Sofia", "Stefan", "Tara", "Thea", "Tobias", "Uma", "Valentin", "Vera", "Vikram", "Walter",
		"Wanda", "Yara", "Yusuf", "Zoe",
	}
	surnames = []string{
		"Abbott", "Adeyemi", "Almeida", "Andersen", "Arora", "Baker", "Barros", "Bauer", "Becker", "Bhatt", "Blum",
		"Brandt", "Brennan", "Byrne", "Cardoso", "Carter", "Castillo", "Chandra", "Cole", "Costa", "Cruz", "Dahl",
		"Desai", "Dietrich", "Doyle", "Dunne", "Eklund", "Engel", "Fallon", "Farouk", "Fischer", "Flynn", "Fonseca",
		"Forster", "Gallagher", "Garcia", "Ghosh", "Graf", "Gupta", "Haas", "Haddad", "Hansen", "Hayes", "Hoffmann",
		"Holt", "Huang", "Iyer", "Jansen", "Joshi", "Kane", "Kaur", "Keller", "Kelly", "Khan", "Kimura", "Klein",
		"Koch", "Kowalski", "Krüger", "Kumar", "Lang", "Larsen", "Lemaire", "Lindberg", "Lopes", "Lynch", "Mahler",
		"Marsh", "Martins", "Mehta", "Mendes", "Meyer", "Miller", "Molina", "Moreau", "Müller", "Murphy", "Nair",
		"Nakamura", "Neumann", "Nolan", "Novak", "Oakley", "Okafor", "Oliveira", "Ortiz", "Osei", "Park", "Patel",
		"Pereira", "Quinn", "Rao", "Reyes", "Richter", "Rocha", "Romero", "Roth", "Sato", "Schäfer", "Schmidt",
		"Sharma", "Silva", "Singh", "Sommer", "Souza", "Stone", "Suzuki", "Tanaka", "Teixeira", "Thorne", "Torres",
		"Ueda", "Vargas", "Vogel", "Wagner", "Walsh", "Weber", "Winter", "Wolf", "Wong", "Yamada", "Yilmaz", "Zhang",
		"Ziegler",
	}
)

// asciiLetters turns the letters of the names that a mail address cannot have into those that it uses instead.
var asciiLetters = strings.NewReplacer("ä", "ae", "ö", "oe", "ü", "ue", "í", "i", "ó", "o")

// department is a part of the company. Titles begin with the head's.
type department struct {
	name   string
	bit    uint
	share  int64
	titles []string
}

var departments = []department{
	{"Engineering", engineering, 26, []string{"VP Engineering", "Engineering Manager", "Senior Software Engineer", "Software Engineer", "Test Engineer", "Data Engineer"}},
	{"Sales", sales, 16, []string{"VP Sales", "Regional Sales Manager", "Account Executive", "Sales Development Representative", "Solution Consultant"}},
	{"Marketing", marketing, 7, []string{"VP Marketing", "Marketing Manager", "Product Marketing Specialist", "Content Editor"}},
	{"Finance", finance, 8, []string{"Chief Financial Officer", "Finance Manager", "Accountant", "Payroll Specialist", "Financial Analyst"}},
	{"Human Resources", humanResources, 5, []string{"VP People", "HR Manager", "HR Business Partner", "Recruiter"}},
	{"Operations", operations, 13, []string{"VP Operations", "Site Manager", "Logistics Planner", "Warehouse Coordinator", "Buyer"}},
	{"Legal", legal, 3, []string{"General Counsel", "Senior Counsel", "Paralegal", "Privacy Officer"}},
	{"Customer Support", support, 13, []string{"VP Customer Support", "Support Manager", "Support Engineer", "Support Agent"}},
	{"Information Technology", informationTechnology, 8, []string{"Chief Information Officer", "IT Manager", "System Administrator", "Helpdesk Technician", "Network Engineer", "Security Analyst"}},
	{"Executive", executive, 1, []string{"Chief Executive Officer", "Chief of Staff", "Executive Assistant"}},
}

const (
	departmentFinance = 3
	departmentIT      = 8
)

// Mail domains: the tenant's own, its initial one, and those of partners that guests come from.
const (
	domain        = "contoso.com"
	initialDomain = "contoso.onmicrosoft.com"
)

type partner struct{ name, domain string }

var partners = []partner{{"Fabrikam", "fabrikam.com"}, {"Northwind Traders", "northwindtraders.com"}, {"Woodgrove Bank", "woodgrovebank.com"}}

// adminRoles are the directory roles that the IT department's administrators hold, in the order in which they are handed out.
var adminRoles = [][]string{
	{"Global Administrator"},
	{"Global Administrator", "Privileged Role Administrator"},
	{"User Administrator", "Helpdesk Administrator"},
	{"Helpdesk Administrator"},
	{"Helpdesk Administrator"},
	{"Security Administrator"},
	{"Security Reader"},
	{"Conditional Access Administrator", "Authentication Policy Administrator"},
	{"Exchange Administrator"},
	{"SharePoint Administrator", "Teams Administrator"},
	{"Application Administrator"},
	{"Cloud Application Administrator"},
	{"Privileged Authentication Administrator"},
	{"Intune Administrator", "Cloud Device Administrator"},
	{"Global Reader"},
	{"Hybrid Identity Administrator"},
}

// blastRadius ranks the roles of a user as UEBA would: control over the directory is high, any other administrator medium.
func blastRadius(roles []string) (name string, factor int64) {
	name, factor = "Low", 100
	for _, r := range roles {
		switch {
		case r == "Global Administrator", r == "Hybrid Identity Administrator", strings.HasPrefix(r, "Privileged"):
			return "High", 120
		case strings.HasSuffix(r, "Administrator"):
			name, factor = "Medium", 110
		}
	}
	return name, factor
}
