"""The shapes of KashFlow's SOAP API, element by element, in the order the service lists them.

One line per record and per operation; `schema` reads it. The envelope builder, the by-name reader, the XSD
and the sandbox's WSDL all come from here, so an element is spelled once.

`Name type` is one element. `?` may be absent, `~` may be nil. `ExtraText1-20` stands for twenty elements.
`: Product` extends another record. Every operation takes UserName and Password first, and every answer ends
with Status and StatusDetail.
"""

RECORDS = """
CompanyDetails
    CompanyName string?; Address1 string?; Address2 string?; Address3 string?; Address4 string?;
    Postcode string?; PrimaryEmail string?; PrimaryContact string?; Telephone string?; Mobile
    string?; VatRegistered string?; VatRegistrationNumber string?; PaymentTerms int; CurrencySymbol
    string?; CurrencyPosition string?; UsDate string?; CurrencyId int; CurrencyName string?;
    BusinessType1 int; BusinessType2 int; BusinessType3 int; PaymentTermsType string?;
    BusinessType1Name string?; BusinessType2Name string?; BusinessType3Name string?; BusinessType
    int
Customer
    CustomerID int; Code string?; Name string?; Contact string?; Telephone string?; Mobile string?;
    Fax string?; Email string?; Address1 string?; Address2 string?; Address3 string?; Address4
    string?; CountryName string?; CountryCode string?; Postcode string?; Website string?; EC int;
    OutsideEC int; Notes string?; Source int; Discount decimal; ShowDiscount boolean; PaymentTerms
    int; ExtraText1-20 string?; CheckBox1-20 int; Created dateTime; Updated dateTime; CurrencyID
    int; ContactTitle string?; ContactFirstName string?; ContactLastName string?;
    CustHasDeliveryAddress integer?; DeliveryAddress1 string?; DeliveryAddress2 string?;
    DeliveryAddress3 string?; DeliveryAddress4 string?; DeliveryCountryName string?;
    DeliveryCountryCode string?; DeliveryPostcode string?; VATNumber string?
Invoice
    InvoiceDBID int; InvoiceNumber int; InvoiceDate dateTime; DueDate dateTime; Customer string?;
    CustomerID int; Paid int; CustomerReference string?; EstimateCategory string?; SuppressTotal
    int; ProjectID int; CurrencyCode string?; ExchangeRate decimal; ReadableString string?; Lines
    ArrayOfAnyType?; NetAmount decimal; VATAmount decimal; AmountPaid decimal; CustomerName string?;
    PermaLink string?; DeliveryAddress DeliveryAddress?; UseCustomDeliveryAddress boolean;
    CISRCNetAmount decimal~; CISRCVatAmount decimal~; IsCISReverseCharge boolean~
InvoiceLine
    Quantity decimal; Description string?; Rate decimal; ChargeType int; VatRate decimal; VatAmount
    decimal; ProductID int; Sort int; ProjID int; LineID int; ValuesInCurrency integer?
DeliveryAddress
    Name string?; Line1 string?; Line2 string?; Line3 string?; Line4 string?; PostCode string?;
    CountryName string?; CountryCode string?
Payment
    PayID int; PayInvoice int; PayDate dateTime; PayNote string?; PayMethod int; PayAccount int;
    PayAmount decimal
PaymentMethod
    MethodID int; MethodName string?
Product
    ProductID int; ProductName string?; ProductCode int; ProductDescription string?;
    ManageStockLevels int; QtyInStock int; ProductPrice decimal
SubProduct
    id int; ParentID int; Name string?; Code string?; Description string?; Price decimal; VatRate
    decimal; WholesalePrice decimal; Managed int; QtyInStock int; StockWarnQty int; AutoFill int
ProductsFull : Product
    subProducts ArrayOfSubProduct?
NominalCodeExtended
    id int; Code int; Name string?; debit decimal; credit decimal; balance decimal; TypeID int;
    TypeName string?; ClassificationID int; ClassificationName string?; AutoFill int; Price decimal;
    VATRate decimal; Description string?; Archived boolean
BankAccount
    AccountID int; AccountName string?; AccountCode int
"""

# The element each array repeats; `anyType` carries its type in xsi:type.
ARRAYS = """
ArrayOfAnyType anyType InvoiceLine
ArrayOfBankAccount BankAccount BankAccount
ArrayOfCustomer Customer Customer
ArrayOfInvoice Invoice Invoice
ArrayOfNominalCodeExtended NominalCodeExtended NominalCodeExtended
ArrayOfPayment Payment Payment
ArrayOfPaymentMethod PaymentMethod PaymentMethod
ArrayOfProduct Product Product
ArrayOfProductsFull ProductsFull ProductsFull
ArrayOfSubProduct SubProduct SubProduct
"""

OPERATIONS = """
GetCompanyDetails() -> GetCompanyDetailsResult CompanyDetails?
GetCustomer(CustomerCode string?) -> GetCustomerResult Customer?
GetCustomers() -> GetCustomersResult ArrayOfCustomer?
GetCustomerByEmail(CustomerEmail string?) -> GetCustomerByEmailResult Customer?
GetCustomerByID(CustomerID int) -> GetCustomerByIDResult Customer?
InsertCustomer(custr Customer?) -> InsertCustomerResult int
UpdateCustomer(custr Customer?) -> UpdateCustomerResult string?
GetInvoice(InvoiceNumber int) -> GetInvoiceResult Invoice?
GetInvoiceByID(InvoiceID int) -> GetInvoiceByIDResult Invoice?
InsertInvoice(Inv Invoice?) -> InsertInvoiceResult int
GetInvoicesForCustomer(CustID int) -> GetInvoicesForCustomerResult ArrayOfInvoice?
GetInvoices_Unpaid() -> GetInvoices_UnpaidResult ArrayOfInvoice?
GetInvoicesByDateRange(StartDate dateTime, EndDate dateTime) -> GetInvoicesByDateRangeResult ArrayOfInvoice?
GetInvoicePayment(InvoiceNumber int) -> GetInvoicePaymentResult ArrayOfPayment?
GetInvPayMethods() -> GetInvPayMethodsResult ArrayOfPaymentMethod?
GetProducts() -> GetProductsResult ArrayOfProduct?
GetProductsWithSubProducts() -> GetProductsWithSubProductsResult ArrayOfProductsFull?
GetSubProducts(NominalID int) -> GetSubProductsResult ArrayOfSubProduct?
GetNominalCodesExtended() -> GetNominalCodesExtendedResult ArrayOfNominalCodeExtended?
GetBankAccounts() -> GetBankAccountsResult ArrayOfBankAccount?
"""
