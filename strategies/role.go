package strategies

// Role is what a value of a question means, whatever the API calls it and wherever in the
// request it stands. So a strategy knows no names of parameters, and a request by template
// needs to know no strategy.
type Role string

// The roles.
const (
	RoleSince     Role = "since"        // rows at or after a value of the cursor field
	RoleToken     Role = "token"        // the continuation token of the page before
	RoleLimit     Role = "limit"        // rows a page
	RoleOffset    Role = "offset"       // rows to skip
	RoleOrderBy   Role = "order_by"     // what to sort by
	RoleOrderType Role = "order_type"   // the direction, always asc
	RoleStartID   Role = "start_id"     // the first id of a range
	RoleEndID     Role = "end_id"       // its last id
	RoleUntil     Role = "until"        // rows up to a value of the cursor field
	RolePage      Role = "page"         // the number of a page
	RoleEach      Role = "parent.value" // of a collection that is read in slices, one for each value of a list: the value
	RoleSlice     Role = "slice"        // of one that is read in slices, one for each row of another stream: the key of that row
	RoleLink      Role = "link"         // the URL of the page, as the API gave it: the question is that URL
)

// Roles are all roles.
func Roles() []Role {
	return []Role{RoleSince, RoleToken, RoleLimit, RoleOffset, RoleOrderBy, RoleOrderType, RoleStartID, RoleEndID, RoleUntil, RolePage, RoleEach, RoleSlice, RoleLink}
}

// Param is one value of a question.
type Param struct {
	Role  Role
	Value string
}

// Query is one question: what a request holds besides that which all of the stream's have in
// common.
type Query struct {
	Params []Param
}

// ParamNames are the query parameters' names in the API. One without a name is not sent.
type ParamNames struct {
	Since     string
	Token     string
	Limit     string
	Offset    string
	OrderBy   string
	OrderType string
	StartID   string
	EndID     string
	Until     string
	Page      string
}

// Of is the name of a role's parameter; empty: the API has none.
func (n ParamNames) Of(r Role) string {
	if name := n.at(r); name != nil {
		return *name
	}
	return ""
}

// Name gives a role's parameter a name. Roles that are no parameters get none.
func (n *ParamNames) Name(r Role, name string) {
	if at := n.at(r); at != nil {
		*at = name
	}
}

// at is where a role's name stands; nil: it is no parameter.
func (n *ParamNames) at(r Role) *string {
	switch r {
	case RoleSince:
		return &n.Since
	case RoleToken:
		return &n.Token
	case RoleLimit:
		return &n.Limit
	case RoleOffset:
		return &n.Offset
	case RoleOrderBy:
		return &n.OrderBy
	case RoleOrderType:
		return &n.OrderType
	case RoleStartID:
		return &n.StartID
	case RoleEndID:
		return &n.EndID
	case RoleUntil:
		return &n.Until
	case RolePage:
		return &n.Page
	}
	return nil
}
