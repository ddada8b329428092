-- Shellcorp's operational database: what its portal, its back office and its payment provider write to.
CREATE TABLE dbo.customers (
    customer_id     int IDENTITY(1, 1) NOT NULL,
    external_ref    uniqueidentifier   NOT NULL,
    name            nvarchar(200)      NOT NULL,
    email           nvarchar(320)      NULL,
    country_code    char(2)            NOT NULL,
    segment         varchar(20)        NOT NULL,
    credit_limit    decimal(18, 2)     NULL,
    is_active       bit                NOT NULL,
    notes           nvarchar(max)      NULL,
    created_at      datetime2(3)       NOT NULL,
    updated_at      datetime2(7)       NOT NULL,
    CONSTRAINT pk_customers PRIMARY KEY (customer_id)
);

CREATE TABLE dbo.accounts (
    account_number  varchar(24)        NOT NULL,
    customer_id     int                NOT NULL,
    account_type    varchar(20)        NOT NULL,
    status          varchar(20)        NOT NULL,
    balance         money              NOT NULL,
    opened_on       date               NOT NULL,
    closed_on       date               NULL,
    updated_at      datetime2(7)       NOT NULL,
    CONSTRAINT pk_accounts PRIMARY KEY (account_number)
);

CREATE TABLE dbo.activities (
    activity_id     bigint             NOT NULL,
    customer_id     int                NOT NULL,
    account_number  varchar(24)        NULL,
    activity_type   varchar(40)        NOT NULL,
    status          varchar(20)        NOT NULL,
    started_at      datetime2(3)       NOT NULL,
    end_date        date               NULL,
    owner           nvarchar(100)      NULL,
    details         nvarchar(max)      NULL,
    CONSTRAINT pk_activities PRIMARY KEY (activity_id)
);

CREATE TABLE dbo.products (
    product_code    char(8)            NOT NULL,
    name            nvarchar(120)      NOT NULL,
    category        varchar(40)        NOT NULL,
    list_price      decimal(19, 4)     NOT NULL,
    weight_kg       float              NULL,
    is_discontinued bit                NOT NULL,
    picture         varbinary(max)     NULL,
    CONSTRAINT pk_products PRIMARY KEY (product_code)
);

CREATE TABLE dbo.orders (
    order_id        int IDENTITY(1, 1) NOT NULL,
    customer_id     int                NOT NULL,
    status          varchar(20)        NOT NULL,
    currency_code   char(3)            NOT NULL,
    total_amount    decimal(19, 4)     NOT NULL,
    placed_at       datetime2(3)       NOT NULL,
    shipped_at      smalldatetime      NULL,
    updated_at      datetime2(7)       NOT NULL,
    CONSTRAINT pk_orders PRIMARY KEY (order_id)
);

CREATE TABLE dbo.order_lines (
    order_id        int                NOT NULL,
    line_number     smallint           NOT NULL,
    product_code    char(8)            NOT NULL,
    quantity        int                NOT NULL,
    unit_price      decimal(19, 4)     NOT NULL,
    discount_rate   decimal(5, 4)      NOT NULL,
    line_amount     decimal(19, 4)     NOT NULL,
    CONSTRAINT pk_order_lines PRIMARY KEY (order_id, line_number)
);

CREATE TABLE dbo.payments (
    payment_id      uniqueidentifier   NOT NULL,
    order_id        int                NOT NULL,
    method          varchar(20)        NOT NULL,
    status          varchar(20)        NOT NULL,
    amount          decimal(19, 4)     NOT NULL,
    currency_code   char(3)            NOT NULL,
    paid_at         datetime           NOT NULL,
    provider_ref    varbinary(32)      NULL,
    CONSTRAINT pk_payments PRIMARY KEY (payment_id)
);

CREATE TABLE dbo.support_tickets (
    ticket_id       int IDENTITY(1, 1) NOT NULL,
    customer_id     int                NOT NULL,
    subject         nvarchar(300)      NOT NULL,
    body            nvarchar(max)      NOT NULL,
    priority        tinyint            NOT NULL,
    status          varchar(20)        NOT NULL,
    satisfaction    real               NULL,
    opened_at       datetime2(0)       NOT NULL,
    closed_at       datetime2(0)       NULL,
    CONSTRAINT pk_support_tickets PRIMARY KEY (ticket_id)
);

CREATE TABLE dbo.portal_sessions (
    session_id      bigint             NOT NULL,
    customer_id     int                NOT NULL,
    started_at      datetime2(7)       NOT NULL,
    ended_at        datetime2(7)       NULL,
    pages_viewed    smallint           NOT NULL,
    longest_view    time(3)            NULL,
    landing_page    nvarchar(400)      NOT NULL,
    user_agent      nvarchar(400)      NULL,
    ip_address      varbinary(16)      NULL,
    CONSTRAINT pk_portal_sessions PRIMARY KEY (session_id)
);
