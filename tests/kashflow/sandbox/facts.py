"""The service's description as published, element by element, kept apart from our own table of it.

kashflow-api.md, sections 5 to 10: `?` may be absent, `~` may be nil. Whoever changes the table looks here first,
and here only what a newer description of the service says is changed.
"""

RECORDS = """
Customer
    CustomerID:int Code:string? Name:string? Contact:string? Telephone:string? Mobile:string? Fax:string?
    Email:string? Address1:string? Address2:string? Address3:string? Address4:string? CountryName:string?
    CountryCode:string? Postcode:string? Website:string? EC:int OutsideEC:int Notes:string? Source:int
    Discount:decimal ShowDiscount:boolean PaymentTerms:int ExtraText1:string? ExtraText2:string?
    ExtraText3:string? ExtraText4:string? ExtraText5:string? ExtraText6:string? ExtraText7:string?
    ExtraText8:string? ExtraText9:string? ExtraText10:string? ExtraText11:string? ExtraText12:string?
    ExtraText13:string? ExtraText14:string? ExtraText15:string? ExtraText16:string? ExtraText17:string?
    ExtraText18:string? ExtraText19:string? ExtraText20:string? CheckBox1:int CheckBox2:int CheckBox3:int
    CheckBox4:int CheckBox5:int CheckBox6:int CheckBox7:int CheckBox8:int CheckBox9:int CheckBox10:int
    CheckBox11:int CheckBox12:int CheckBox13:int CheckBox14:int CheckBox15:int CheckBox16:int CheckBox17:int
    CheckBox18:int CheckBox19:int CheckBox20:int Created:dateTime Updated:dateTime CurrencyID:int
    ContactTitle:string? ContactFirstName:string? ContactLastName:string? CustHasDeliveryAddress:integer?
    DeliveryAddress1:string? DeliveryAddress2:string? DeliveryAddress3:string? DeliveryAddress4:string?
    DeliveryCountryName:string? DeliveryCountryCode:string? DeliveryPostcode:string? VATNumber:string?
Customer2
    CustomerID:int Code:string? Name:string? Contact:string? Telephone:string? Mobile:string? Fax:string?
    Email:string? Address1:string? Address2:string? Address3:string? Address4:string? CountryName:string?
    CountryCode:string? Postcode:string? Website:string? Notes:string? Source:int Discount:decimal
    ShowDiscount:boolean PaymentTerms:int ExtraText1:string? ExtraText2:string? ExtraText3:string?
    ExtraText4:string? ExtraText5:string? ExtraText6:string? ExtraText7:string? ExtraText8:string?
    ExtraText9:string? ExtraText10:string? ExtraText11:string? ExtraText12:string? ExtraText13:string?
    ExtraText14:string? ExtraText15:string? ExtraText16:string? ExtraText17:string? ExtraText18:string?
    ExtraText19:string? ExtraText20:string? CheckBox1:int CheckBox2:int CheckBox3:int CheckBox4:int
    CheckBox5:int CheckBox6:int CheckBox7:int CheckBox8:int CheckBox9:int CheckBox10:int CheckBox11:int
    CheckBox12:int CheckBox13:int CheckBox14:int CheckBox15:int CheckBox16:int CheckBox17:int CheckBox18:int
    CheckBox19:int CheckBox20:int Created:dateTime Updated:dateTime CurrencyID:int ContactTitle:string?
    ContactFirstName:string? ContactLastName:string? CustHasDeliveryAddress:integer? DeliveryAddress1:string?
    DeliveryAddress2:string? DeliveryAddress3:string? DeliveryAddress4:string? DeliveryCountryName:string?
    DeliveryCountryCode:string? DeliveryPostcode:string? VATNumber:string? TradeBorderType:string?
CustomerBalance
    CustomerId:int CustomerCode:string? Value:decimal Balance:decimal
BasicDataset
    ID:int Name:string? Description:string? Value:decimal
Invoice
    InvoiceDBID:int InvoiceNumber:int InvoiceDate:dateTime DueDate:dateTime Customer:string? CustomerID:int
    Paid:int CustomerReference:string? EstimateCategory:string? SuppressTotal:int ProjectID:int
    CurrencyCode:string? ExchangeRate:decimal ReadableString:string? Lines:ArrayOfAnyType? NetAmount:decimal
    VATAmount:decimal AmountPaid:decimal CustomerName:string? PermaLink:string?
    DeliveryAddress:DeliveryAddress? UseCustomDeliveryAddress:boolean CISRCNetAmount:decimal~
    CISRCVatAmount:decimal~ IsCISReverseCharge:boolean~
Invoice_TypeDefined
    InvoiceDBID:int InvoiceNumber:int InvoiceDate:dateTime DueDate:dateTime Customer:string? CustomerID:int
    Paid:int CustomerReference:string? EstimateCategory:string? SuppressTotal:int ProjectID:int
    CurrencyCode:string? ExchangeRate:decimal ReadableString:string? Lines:ArrayOfInvoiceLine?
    NetAmount:decimal VATAmount:decimal AmountPaid:decimal CustomerName:string? CISRCNetAmount:decimal
    CISRCVatAmount:decimal IsCISReverseCharge:boolean
InvoiceLine
    Quantity:decimal Description:string? Rate:decimal ChargeType:int VatRate:decimal VatAmount:decimal
    ProductID:int Sort:int ProjID:int LineID:int ValuesInCurrency:integer?
DeliveryAddress
    Name:string? Line1:string? Line2:string? Line3:string? Line4:string? PostCode:string? CountryName:string?
    CountryCode:string?
InvoiceNotes
    InvoiceId:int NoteId:int NoteDate:dateTime Notes:string?
Payment
    PayID:int PayInvoice:int PayDate:dateTime PayNote:string? PayMethod:int PayAccount:int PayAmount:decimal
PaymentMethod
    MethodID:int MethodName:string?
Product
    ProductID:int ProductName:string? ProductCode:int ProductDescription:string? ManageStockLevels:int
    QtyInStock:int ProductPrice:decimal
SubProduct
    id:int ParentID:int Name:string? Code:string? Description:string? Price:decimal VatRate:decimal
    WholesalePrice:decimal Managed:int QtyInStock:int StockWarnQty:int AutoFill:int
NominalCode
    id:int Code:int Name:string? debit:decimal credit:decimal balance:decimal
NominalCodeExtended
    id:int Code:int Name:string? debit:decimal credit:decimal balance:decimal TypeID:int TypeName:string?
    ClassificationID:int ClassificationName:string? AutoFill:int Price:decimal VATRate:decimal
    Description:string? Archived:boolean
BankAccount
    AccountID:int AccountName:string? AccountCode:int
BankOverview
    AccountID:int AccountName:string? Balance:decimal
BankTXType
    TypeID:int TypeName:string? TypeCode:int
BankTransaction
    ID:int accid:int TransactionDate:dateTime moneyin:decimal moneyout:decimal Vatable:int VatRate:decimal
    VatAmount:decimal TransactionType:int Comment:string? ProjectID:int CustomerId:int SupplierId:int
Currencies
    CurrencyId:int CurrencyCode:string? ExchangeRate:decimal isDefault:int
UserAccountDefaults
    isVATRegistered:boolean VATNumber:string? Currencies:ArrayOfAnyType?
UserAccountDefaults_TypeDefined
    isVATRegistered:boolean VATNumber:string? Currencies:ArrayOfCurrencies?
CompanyDetails
    CompanyName:string? Address1:string? Address2:string? Address3:string? Address4:string? Postcode:string?
    PrimaryEmail:string? PrimaryContact:string? Telephone:string? Mobile:string? VatRegistered:string?
    VatRegistrationNumber:string? PaymentTerms:int CurrencySymbol:string? CurrencyPosition:string?
    UsDate:string? CurrencyId:int CurrencyName:string? BusinessType1:int BusinessType2:int BusinessType3:int
    PaymentTermsType:string? BusinessType1Name:string? BusinessType2Name:string? BusinessType3Name:string?
    BusinessType:int
AccountOverview
    TotalDue:decimal TotalOwed:decimal ReceiptsOverdue:decimal SalesOverdue:decimal
    ReceiptPartPayments:decimal ReceiptPartPaymentsOverdue:decimal InvoicePartPayments:decimal
    InvoicePartPaymentsOverdue:decimal
"""

# What each array repeats; anyType names no type.
ARRAYS = """
ArrayOfBasicDataset BasicDataset BasicDataset
ArrayOfCustomer Customer Customer
ArrayOfBankTransaction BankTransaction BankTransaction
ArrayOfBankAccount BankAccount BankAccount
ArrayOfBankTXType BankTXType BankTXType
ArrayOfAnyType anyType anyType
ArrayOfNominalCode NominalCode NominalCode
ArrayOfBankOverview BankOverview BankOverview
ArrayOfCurrencies Currencies Currencies
ArrayOfProduct Product Product
ArrayOfSubProduct SubProduct SubProduct
ArrayOfProductsFull ProductsFull ProductsFull
ArrayOfNominalCodeExtended NominalCodeExtended NominalCodeExtended
ArrayOfInvoice Invoice Invoice
ArrayOfInvoiceLine InvoiceLine InvoiceLine
ArrayOfInvoice_TypeDefined Invoice_TypeDefined Invoice_TypeDefined
ArrayOfPayment Payment Payment
ArrayOfPaymentMethod PaymentMethod PaymentMethod
ArrayOfInvoiceNotes InvoiceNotes InvoiceNotes
ArrayOfCustomer2 Customer2 Customer2
"""

# Name, what it takes behind UserName and Password, what stands before Status and StatusDetail.
OPERATIONS = """
GetCustomer | CustomerCode:string? | GetCustomerResult:Customer?
GetCustomerByID | CustomerID:int | GetCustomerByIDResult:Customer?
GetCustomerByEmail | CustomerEmail:string? | GetCustomerByEmailResult:Customer?
GetCustomers | | GetCustomersResult:ArrayOfCustomer?
GetCustomersModifiedSince | ModifiedSince:dateTime | GetCustomersModifiedSinceResult:ArrayOfCustomer?
GetCustomersByPostcode | Postcode:string? | GetCustomersByPostcodeResult:ArrayOfCustomer?
SearchCustomerByCustText | SearchVal:string? | SearchCustomerByCustTextResult:Customer?
InsertCustomer | custr:Customer? | InsertCustomerResult:int
UpdateCustomer | custr:Customer? | UpdateCustomerResult:string?
DeleteCustomer | CustomerID:int | DeleteCustomerResult:int
GetCustomerSources | | GetCustomerSourcesResult:ArrayOfBasicDataset?
GetCustomerVATNumber | CustomerCode:string? | GetCustomerVATNumberResult:string?
SetCustomerVATNumber | CustVATNumber:string? CustomerCode:string? | SetCustomerVATNumberResult:int
GetCustomerCurrency | CustomerCode:string? | GetCustomerCurrencyResult:string?
SetCustomerCurrency | CurrencyCode:string? CustomerCode:string? | SetCustomerCurrencyResult:int
GetCustomerBalance | CustomerCode:string? | GetCustomerBalanceResult:CustomerBalance?
GetCustomerAdvancePayments | CustomerId:int | GetCustomerAdvancePaymentsResult:ArrayOfBankTransaction?
GetCustomer2 | CustomerCode:string? | GetCustomer2Result:Customer2?
GetCustomerByID2 | Customer2ID:int | GetCustomerByID2Result:Customer2?
GetCustomerByEmail2 | CustomerEmail:string? | GetCustomerByEmail2Result:Customer2?
GetCustomers2 | | GetCustomers2Result:ArrayOfCustomer2?
GetCustomersModifiedSince2 | ModifiedSince:dateTime | GetCustomersModifiedSince2Result:ArrayOfCustomer2?
GetCustomersByPostcode2 | Postcode:string? | GetCustomersByPostcode2Result:ArrayOfCustomer2?
SearchCustomerByCustText2 | SearchVal:string? | SearchCustomerByCustText2Result:Customer2?
InsertCustomer2 | Customer2:Customer2? | InsertCustomer2Result:int
UpdateCustomer2 | Customer2:Customer2? | UpdateCustomer2Result:string?
InsertInvoice | Inv:Invoice? | InsertInvoiceResult:int
InsertInvoice_TypeDefined | Inv_TD:Invoice_TypeDefined? | InsertInvoice_TypeDefinedResult:int
UpdateInvoice | Inv:Invoice? |
UpdateInvoice_TypeDefined | InvTD:Invoice_TypeDefined? |
UpdateInvoiceHeader | Inv:Invoice? |
GetInvoice | InvoiceNumber:int | GetInvoiceResult:Invoice?
GetInvoice_TypeDefined | InvoiceNumber:int | GetInvoice_TypeDefinedResult:Invoice_TypeDefined?
GetInvoiceByID | InvoiceID:int | GetInvoiceByIDResult:Invoice?
GetInvoicesByDateRange | StartDate:dateTime EndDate:dateTime | GetInvoicesByDateRangeResult:ArrayOfInvoice?
GetInvoicesForCustomer | CustID:int | GetInvoicesForCustomerResult:ArrayOfInvoice?
GetInvoicesForCustomer_typeDefined | CustID:int |
    GetInvoicesForCustomer_typeDefinedResult:ArrayOfInvoice_TypeDefined?
GetInvoices_Overdue | | GetInvoices_OverdueResult:ArrayOfInvoice?
GetInvoices_Overdue_TypeDefined | | GetInvoices_Overdue_TypeDefinedResult:ArrayOfInvoice_TypeDefined?
GetInvoices_Unpaid | | GetInvoices_UnpaidResult:ArrayOfInvoice?
GetInvoices_Unpaid_TypeDefined | | GetInvoices_Unpaid_TypeDefinedResult:ArrayOfInvoice_TypeDefined?
GetInvoices_Recent | NumberOfInvoices:int | GetInvoices_RecentResult:ArrayOfInvoice?
GetInvoices_Recent_TypeDefined | NumberOfInvoices:int |
    GetInvoices_Recent_TypeDefinedResult:ArrayOfInvoice_TypeDefined?
DeleteInvoice | InvoiceNumber:int | DeleteInvoiceResult:int
DeleteInvoiceByID | InvoiceID:int | DeleteInvoiceByIDResult:int
InsertInvoiceLine | InvoiceID:int InvLine:InvoiceLine? | InsertInvoiceLineResult:int
InsertInvoiceLineWithInvoiceNumber | InvoiceNumber:int InvLine:InvoiceLine? |
    InsertInvoiceLineWithInvoiceNumberResult:int
DeleteInvoiceLine | LineID:int InvoiceNumber:int | DeleteInvoiceLineResult:int
DeleteInvoiceLineWithInvoiceID | LineID:int InvoiceID:int | DeleteInvoiceLineWithInvoiceIDResult:int
EmailInvoice | InvoiceNumber:int FromEmail:string? FromName:string? SubjectLine:string? Body:string?
    RecipientEmail:string? |
PrintInvoice | InvoiceNumber:int InvoiceNumberList:string? | PrintInvoiceResult:string?
GetPaypalLink | InvoiceNumber:int | GetPaypalLinkResult:string?
InsertInvoiceNote | InvoiceId:int NoteDate:dateTime Notes:string? | InsertInvoiceNoteResult:boolean
GetInvoiceNotes | InvoiceId:int | GetInvoiceNotesResult:ArrayOfInvoiceNotes?
AttachFileToInvoice | InvoiceNo:int Base64String:string? ContentType:string? Filename:string?
    FileExtension:string? FileSize:string? | AttachFileToInvoiceResult:int
applyCreditNoteToInvoice | InvoiceID:int CreditNoteID:int | applyCreditNoteToInvoiceResult:boolean
InsertInvoicePayment | InvoicePayment:Payment? | InsertInvoicePaymentResult:int
GetInvoicePayment | InvoiceNumber:int | GetInvoicePaymentResult:ArrayOfPayment?
DeleteInvoicePayment | InvoiceNumber:int InvoicePaymentNumber:int |
GetInvPayMethods | | GetInvPayMethodsResult:ArrayOfPaymentMethod?
GetInvoicePaymentsByDateRange | StartDate:dateTime EndDate:dateTime PageNumber:int |
    GetInvoicePaymentsByDateRangeResult:ArrayOfPayment?
GetInvoicePaymentsCountforDateRange | StartDate:dateTime EndDate:dateTime |
    GetInvoicePaymentsCountforDateRangeResult:int
AllocateAdvancePaymentToInvoice | InvoiceNumber:int BankTxId:int | AllocateAdvancePaymentToInvoiceResult:int
GetProducts | | GetProductsResult:ArrayOfProduct?
GetSubProducts | NominalID:int | GetSubProductsResult:ArrayOfSubProduct?
GetSubProductByID | ProductID:int | GetSubProductByIDResult:SubProduct?
GetSubProductByCode | ProductCode:string? | GetSubProductByCodeResult:SubProduct?
GetProductsWithSubProducts | | GetProductsWithSubProductsResult:ArrayOfProductsFull?
AddOrUpdateSubProduct | sp:SubProduct? | AddOrUpdateSubProductResult:int
GetNominalCodes | | GetNominalCodesResult:ArrayOfNominalCode?
GetNominalCodesExtended | | GetNominalCodesExtendedResult:ArrayOfNominalCodeExtended?
InsertNominalCode | name:string? code:int classification:int nomtype:int | InsertNominalCodeResult:int
GetBankAccounts | | GetBankAccountsResult:ArrayOfBankAccount?
GetBankBalance | AccountID:int BalanceDate:dateTime | GetBankBalanceResult:decimal
GetBankOverview | | GetBankOverviewResult:ArrayOfBankOverview?
GetBankTxTypes | | GetBankTxTypesResult:ArrayOfBankTXType?
GetBankTransactions | AccountID:int | GetBankTransactionsResult:ArrayOfBankTransaction?
InsertBankTransaction | bp:BankTransaction? | InsertBankTransactionResult:int
UpdateBankTransaction | bp:BankTransaction? TransactionID:int | UpdateBankTransactionResult:int
DeleteBankTransaction | TransactionID:int | DeleteBankTransactionResult:int
CreateBankAccount | AccountName:string? NominalCode:int | CreateBankAccountResult:int
GetVATRates | | GetVATRatesResult:ArrayOfBasicDataset?
isUserVATRegistered | | isUserVATRegisteredResult:boolean
GetCompanyDetails | | GetCompanyDetailsResult:CompanyDetails?
GetCurrencies | | GetCurrenciesResult:ArrayOfCurrencies?
GetUserAccountDefaults | | GetUserAccountDefaultsResult:UserAccountDefaults?
GetUserAccountDefaults_TypeDefined | |
    GetUserAccountDefaults_TypeDefinedResult:UserAccountDefaults_TypeDefined?
GetAccountOverview | | GetAccountOverviewResult:AccountOverview?
AutoAuthIP | appName:string? AutoAuthKey:string? | AutoAuthIPResult:int
GetRemoteLoginURL | | GetRemoteLoginURLResult:string?
"""
