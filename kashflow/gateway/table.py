"""The shapes of KashFlow's SOAP API, element by element, in the order the service lists them.

One line per record and per operation; `schema` reads it. The envelope builder, the by-name reader, the XSD
and the sandbox's WSDL all come from here, so an element is spelled once.

`Name type` is one element. `?` may be absent, `~` may be nil. `ExtraText1-20` stands for twenty elements.
`: Product` extends another record. Every operation takes UserName and Password first, and every answer ends
with Status and StatusDetail. An indented line goes on with the one above.
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
Customer2
    CustomerID int; Code string?; Name string?; Contact string?; Telephone string?; Mobile string?;
    Fax string?; Email string?; Address1 string?; Address2 string?; Address3 string?; Address4
    string?; CountryName string?; CountryCode string?; Postcode string?; Website string?; Notes
    string?; Source int; Discount decimal; ShowDiscount boolean; PaymentTerms int; ExtraText1-20
    string?; CheckBox1-20 int; Created dateTime; Updated dateTime; CurrencyID int; ContactTitle
    string?; ContactFirstName string?; ContactLastName string?; CustHasDeliveryAddress integer?;
    DeliveryAddress1 string?; DeliveryAddress2 string?; DeliveryAddress3 string?; DeliveryAddress4
    string?; DeliveryCountryName string?; DeliveryCountryCode string?; DeliveryPostcode string?;
    VATNumber string?; TradeBorderType string?
CustomerBalance
    CustomerId int; CustomerCode string?; Value decimal; Balance decimal
BasicDataset
    ID int; Name string?; Description string?; Value decimal
Invoice_TypeDefined
    InvoiceDBID int; InvoiceNumber int; InvoiceDate dateTime; DueDate dateTime; Customer string?;
    CustomerID int; Paid int; CustomerReference string?; EstimateCategory string?; SuppressTotal
    int; ProjectID int; CurrencyCode string?; ExchangeRate decimal; ReadableString string?; Lines
    ArrayOfInvoiceLine?; NetAmount decimal; VATAmount decimal; AmountPaid decimal; CustomerName
    string?; CISRCNetAmount decimal; CISRCVatAmount decimal; IsCISReverseCharge boolean
InvoiceNotes
    InvoiceId int; NoteId int; NoteDate dateTime; Notes string?
NominalCode
    id int; Code int; Name string?; debit decimal; credit decimal; balance decimal
BankOverview
    AccountID int; AccountName string?; Balance decimal
BankTXType
    TypeID int; TypeName string?; TypeCode int
BankTransaction
    ID int; accid int; TransactionDate dateTime; moneyin decimal; moneyout decimal; Vatable int;
    VatRate decimal; VatAmount decimal; TransactionType int; Comment string?; ProjectID int;
    CustomerId int; SupplierId int
Currencies
    CurrencyId int; CurrencyCode string?; ExchangeRate decimal; isDefault int
UserAccountDefaults
    isVATRegistered boolean; VATNumber string?; Currencies ArrayOfAnyType/Currencies?
UserAccountDefaults_TypeDefined
    isVATRegistered boolean; VATNumber string?; Currencies ArrayOfCurrencies?
UserAccountDefaults2 : UserAccountDefaults
    VATRegisteredIn string?; VATRegisteredState string?
UserAccountDefaults_TypeDefined2 : UserAccountDefaults_TypeDefined
    VATRegisteredIn string?; VATRegisteredState string?
SpecialNominal
    Id int; Name string?; Code int; Special int; Sa103Code int~; PlOption int; BsOption int; Type
    int; TypeEnum string~; NomType int~; Disallowed int
AccountOverview
    TotalDue decimal; TotalOwed decimal; ReceiptsOverdue decimal; SalesOverdue decimal;
    ReceiptPartPayments decimal; ReceiptPartPaymentsOverdue decimal; InvoicePartPayments decimal;
    InvoicePartPaymentsOverdue decimal
"""

# The element each array repeats and what it holds; `anyType` carries its type in xsi:type, and where it holds
# something else than the first such array, the name says so behind a slash.
ARRAYS = """
ArrayOfAnyType anyType InvoiceLine
ArrayOfAnyType/Currencies anyType Currencies
ArrayOfBankAccount BankAccount BankAccount
ArrayOfBankOverview BankOverview BankOverview
ArrayOfBankTXType BankTXType BankTXType
ArrayOfBankTransaction BankTransaction BankTransaction
ArrayOfBasicDataset BasicDataset BasicDataset
ArrayOfCurrencies Currencies Currencies
ArrayOfCustomer Customer Customer
ArrayOfCustomer2 Customer2 Customer2
ArrayOfInvoice Invoice Invoice
ArrayOfInvoiceLine InvoiceLine InvoiceLine
ArrayOfInvoiceNotes InvoiceNotes InvoiceNotes
ArrayOfInvoice_TypeDefined Invoice_TypeDefined Invoice_TypeDefined
ArrayOfNominalCode NominalCode NominalCode
ArrayOfNominalCodeExtended NominalCodeExtended NominalCodeExtended
ArrayOfPayment Payment Payment
ArrayOfPaymentMethod PaymentMethod PaymentMethod
ArrayOfProduct Product Product
ArrayOfProductsFull ProductsFull ProductsFull
ArrayOfSubProduct SubProduct SubProduct
"""

OPERATIONS = """
GetCustomer(CustomerCode string?) -> GetCustomerResult Customer?
GetCustomerByID(CustomerID int) -> GetCustomerByIDResult Customer?
GetCustomerByEmail(CustomerEmail string?) -> GetCustomerByEmailResult Customer?
GetCustomers() -> GetCustomersResult ArrayOfCustomer?
GetCustomersModifiedSince(ModifiedSince dateTime) -> GetCustomersModifiedSinceResult ArrayOfCustomer?
GetCustomersByPostcode(Postcode string?) -> GetCustomersByPostcodeResult ArrayOfCustomer?
SearchCustomerByCustText(SearchVal string?) -> SearchCustomerByCustTextResult Customer?
InsertCustomer(custr Customer?) -> InsertCustomerResult int
UpdateCustomer(custr Customer?) -> UpdateCustomerResult string?
DeleteCustomer(CustomerID int) -> DeleteCustomerResult int
GetCustomerSources() -> GetCustomerSourcesResult ArrayOfBasicDataset?
GetCustomerVATNumber(CustomerCode string?) -> GetCustomerVATNumberResult string?
SetCustomerVATNumber(CustVATNumber string?, CustomerCode string?) -> SetCustomerVATNumberResult int
GetCustomerCurrency(CustomerCode string?) -> GetCustomerCurrencyResult string?
SetCustomerCurrency(CurrencyCode string?, CustomerCode string?) -> SetCustomerCurrencyResult int
GetCustomerBalance(CustomerCode string?) -> GetCustomerBalanceResult CustomerBalance?
GetCustomerAdvancePayments(CustomerId int) -> GetCustomerAdvancePaymentsResult ArrayOfBankTransaction?
GetCustomer2(CustomerCode string?) -> GetCustomer2Result Customer2?
GetCustomerByID2(Customer2ID int) -> GetCustomerByID2Result Customer2?
GetCustomerByEmail2(CustomerEmail string?) -> GetCustomerByEmail2Result Customer2?
GetCustomers2() -> GetCustomers2Result ArrayOfCustomer2?
GetCustomersModifiedSince2(ModifiedSince dateTime) -> GetCustomersModifiedSince2Result ArrayOfCustomer2?
GetCustomersByPostcode2(Postcode string?) -> GetCustomersByPostcode2Result ArrayOfCustomer2?
SearchCustomerByCustText2(SearchVal string?) -> SearchCustomerByCustText2Result Customer2?
InsertCustomer2(Customer2 Customer2?) -> InsertCustomer2Result int
UpdateCustomer2(Customer2 Customer2?) -> UpdateCustomer2Result string?
InsertInvoice(Inv Invoice?) -> InsertInvoiceResult int
InsertInvoice_TypeDefined(Inv_TD Invoice_TypeDefined?) -> InsertInvoice_TypeDefinedResult int
UpdateInvoice(Inv Invoice?) ->
UpdateInvoice_TypeDefined(InvTD Invoice_TypeDefined?) ->
UpdateInvoiceHeader(Inv Invoice?) ->
GetInvoice(InvoiceNumber int) -> GetInvoiceResult Invoice?
GetInvoice_TypeDefined(InvoiceNumber int) -> GetInvoice_TypeDefinedResult Invoice_TypeDefined?
GetInvoiceByID(InvoiceID int) -> GetInvoiceByIDResult Invoice?
GetInvoicesByDateRange(StartDate dateTime, EndDate dateTime) -> GetInvoicesByDateRangeResult
    ArrayOfInvoice?
GetInvoicesForCustomer(CustID int) -> GetInvoicesForCustomerResult ArrayOfInvoice?
GetInvoicesForCustomer_typeDefined(CustID int) -> GetInvoicesForCustomer_typeDefinedResult
    ArrayOfInvoice_TypeDefined?
GetInvoices_Overdue() -> GetInvoices_OverdueResult ArrayOfInvoice?
GetInvoices_Overdue_TypeDefined() -> GetInvoices_Overdue_TypeDefinedResult ArrayOfInvoice_TypeDefined?
GetInvoices_Unpaid() -> GetInvoices_UnpaidResult ArrayOfInvoice?
GetInvoices_Unpaid_TypeDefined() -> GetInvoices_Unpaid_TypeDefinedResult ArrayOfInvoice_TypeDefined?
GetInvoices_Recent(NumberOfInvoices int) -> GetInvoices_RecentResult ArrayOfInvoice?
GetInvoices_Recent_TypeDefined(NumberOfInvoices int) -> GetInvoices_Recent_TypeDefinedResult
    ArrayOfInvoice_TypeDefined?
DeleteInvoice(InvoiceNumber int) -> DeleteInvoiceResult int
DeleteInvoiceByID(InvoiceID int) -> DeleteInvoiceByIDResult int
InsertInvoiceLine(InvoiceID int, InvLine InvoiceLine?) -> InsertInvoiceLineResult int
InsertInvoiceLineWithInvoiceNumber(InvoiceNumber int, InvLine InvoiceLine?) ->
    InsertInvoiceLineWithInvoiceNumberResult int
DeleteInvoiceLine(LineID int, InvoiceNumber int) -> DeleteInvoiceLineResult int
DeleteInvoiceLineWithInvoiceID(LineID int, InvoiceID int) -> DeleteInvoiceLineWithInvoiceIDResult int
EmailInvoice(InvoiceNumber int, FromEmail string?, FromName string?, SubjectLine string?, Body
    string?, RecipientEmail string?) ->
PrintInvoice(InvoiceNumber int, InvoiceNumberList string?) -> PrintInvoiceResult string?
GetPaypalLink(InvoiceNumber int) -> GetPaypalLinkResult string?
InsertInvoiceNote(InvoiceId int, NoteDate dateTime, Notes string?) -> InsertInvoiceNoteResult boolean
GetInvoiceNotes(InvoiceId int) -> GetInvoiceNotesResult ArrayOfInvoiceNotes?
AttachFileToInvoice(InvoiceNo int, Base64String string?, ContentType string?, Filename string?,
    FileExtension string?, FileSize string?) -> AttachFileToInvoiceResult int
applyCreditNoteToInvoice(InvoiceID int, CreditNoteID int) -> applyCreditNoteToInvoiceResult boolean
InsertInvoicePayment(InvoicePayment Payment?) -> InsertInvoicePaymentResult int
GetInvoicePayment(InvoiceNumber int) -> GetInvoicePaymentResult ArrayOfPayment?
DeleteInvoicePayment(InvoiceNumber int, InvoicePaymentNumber int) ->
GetInvPayMethods() -> GetInvPayMethodsResult ArrayOfPaymentMethod?
GetInvoicePaymentsByDateRange(StartDate dateTime, EndDate dateTime, PageNumber int) ->
    GetInvoicePaymentsByDateRangeResult ArrayOfPayment?
GetInvoicePaymentsCountforDateRange(StartDate dateTime, EndDate dateTime) ->
    GetInvoicePaymentsCountforDateRangeResult int
AllocateAdvancePaymentToInvoice(InvoiceNumber int, BankTxId int) ->
    AllocateAdvancePaymentToInvoiceResult int
GetProducts() -> GetProductsResult ArrayOfProduct?
GetSubProducts(NominalID int) -> GetSubProductsResult ArrayOfSubProduct?
GetSubProductByID(ProductID int) -> GetSubProductByIDResult SubProduct?
GetSubProductByCode(ProductCode string?) -> GetSubProductByCodeResult SubProduct?
GetProductsWithSubProducts() -> GetProductsWithSubProductsResult ArrayOfProductsFull?
AddOrUpdateSubProduct(sp SubProduct?) -> AddOrUpdateSubProductResult int
GetNominalCodes() -> GetNominalCodesResult ArrayOfNominalCode?
GetNominalCodesExtended() -> GetNominalCodesExtendedResult ArrayOfNominalCodeExtended?
CreateSpecialNominal(SpecialNominal SpecialNominal?) ->
InsertNominalCode(name string?, code int, classification int, nomtype int) -> InsertNominalCodeResult int
GetBankAccounts() -> GetBankAccountsResult ArrayOfBankAccount?
GetBankBalance(AccountID int, BalanceDate dateTime) -> GetBankBalanceResult decimal
GetBankOverview() -> GetBankOverviewResult ArrayOfBankOverview?
GetBankTxTypes() -> GetBankTxTypesResult ArrayOfBankTXType?
GetBankTransactions(AccountID int) -> GetBankTransactionsResult ArrayOfBankTransaction?
InsertBankTransaction(bp BankTransaction?) -> InsertBankTransactionResult int
UpdateBankTransaction(bp BankTransaction?, TransactionID int) -> UpdateBankTransactionResult int
DeleteBankTransaction(TransactionID int) -> DeleteBankTransactionResult int
CreateBankAccount(AccountName string?, NominalCode int) -> CreateBankAccountResult int
GetVATRates() -> GetVATRatesResult ArrayOfBasicDataset?
isUserVATRegistered() -> isUserVATRegisteredResult boolean
GetCompanyDetails() -> GetCompanyDetailsResult CompanyDetails?
GetCurrencies() -> GetCurrenciesResult ArrayOfCurrencies?
GetUserAccountDefaults() -> GetUserAccountDefaultsResult UserAccountDefaults?
GetUserAccountDefaults_TypeDefined() ->
    GetUserAccountDefaults_TypeDefinedResult UserAccountDefaults_TypeDefined?
GetUserAccountDefault2() -> GetUserAccountDefault2Result UserAccountDefaults2?
GetUserAccountDefault_TypeDefined2() ->
    GetUserAccountDefault_TypeDefined2Result UserAccountDefaults_TypeDefined2?
GetAccountOverview() -> GetAccountOverviewResult AccountOverview?
AutoAuthIP(appName string?, AutoAuthKey string?) -> AutoAuthIPResult int
GetRemoteLoginURL() -> GetRemoteLoginURLResult string?
"""
